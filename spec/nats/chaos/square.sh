# Replies "c0-7 50" to "c0-7", and notes each request that it was given.
while read -r name; do
  echo "$name" >> "$1"
  n=${name#*-}
  sleep "$2"
  echo "$name $((n * n + 1))"
done
