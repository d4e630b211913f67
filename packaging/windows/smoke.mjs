// node smoke.mjs [--processes]: what packaging/smoke.mjs does, without a POSIX shell, and what only Windows has. Every
// program is Node or program.exe. Prints a line of JSON per check. With --processes only what concerns processes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  writeFileSync,
  writeSync,
  existsSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, dirname } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  filter,
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  of,
  take,
  toArray,
  VirtualTimeScheduler,
} from 'rxjs';
import * as ipc from 'simple-ipc';
import { Worker } from 'simple-ipc/imperative';
import { advance, fakeProgram } from 'simple-ipc/testing';

const LIMIT_MS = 200_000;

/** The checks that `--processes` makes. */
const PROCESSES = /not there|directory|stop|orphan|shim|cmd|end-of-file|text file/;
const here = dirname(fileURLToPath(import.meta.url));
const node = (script, ...args) => [process.execPath, '-e', script, ...args];
const LINES = `require('readline').createInterface({input:process.stdin}).on('line',`;
const CAT = node('process.stdin.pipe(process.stdout)');
const CALCULATOR = node(LINES + 'l=>console.log(eval(l)))');
const SEQ = (n) =>
  node(
    `let s='';for(let i=1;i<=${n};i++){s+=i+'\\n';if(s.length>60000){require('fs').writeSync(1,s);s=''}}require('fs').writeSync(1,s)`,
  );
/** Takes no notice of end-of-file, as does its child; tells both ids. */
const SLEEP = 'setInterval(()=>{},1e3)';
const STUBBORN = node(
  `const c=require('child_process').spawn(process.execPath,['-e','console.log(1);${SLEEP}'],{stdio:['ignore','pipe','inherit']});c.stdout.once('data',()=>console.log(process.pid+' '+c.pid));${SLEEP}`,
);
/** The same, its child sharing stdout, and itself ending at end-of-file. */
const LEAVER = node(
  `const c=require('child_process').spawn(process.execPath,['-e','${SLEEP}'],{stdio:['ignore','inherit','inherit'],detached:true});c.unref();console.log(process.pid+' '+c.pid);process.stdin.resume().on('end',()=>process.exit(0))`,
);
const PROGRAM = join(here, 'program.exe');

const collect = (source$) => lastValueFrom(source$.pipe(toArray()));
const reaches = (worker, state) =>
  firstValueFrom(worker.status$.pipe(filter((status) => status.state === state)));
const firstLine = (worker) => firstValueFrom(worker.output$);
const folder = () => realpathSync(mkdtempSync(join(tmpdir(), 'ipc ')));

const AWKWARD = [
  '',
  'a b',
  '"',
  '"q"',
  'say "hi there"',
  '%PATH%',
  '100%',
  '%',
  '^caret',
  'a&b',
  'a|b',
  '<x>',
  '(p)',
  'a\\',
  'a b\\',
  'a\\"b',
  'a\\\\',
  'c:\\dir with space\\',
  '!bang!',
  "it's",
  '*.js',
  'é ü 日本 😀',
  '--x=y z',
  'a,b;c=d',
  '\\\\srv\\x',
  'tab\there',
  'a\nb',
];

const checks = {
  async 'program.exe: arguments, answers, end'() {
    const args = AWKWARD.filter((arg) => !/\n/.test(arg));
    const worker = ipc.createWorker([PROGRAM, ...args], { start: false });
    const lines = collect(worker.output$.pipe(take(args.length + 3)));
    worker.start();
    for (const n of [1, 2, 41]) worker.send.next(n);
    const got = await lines;
    const utf8 = args.map((arg) => /[^\x00-\x7f]/.test(arg));
    args.forEach((arg, i) => utf8[i] || assert.equal(got[i], `[${i + 1}] ${arg}`));
    assert.deepEqual(got.slice(-3), ['2', '3', '42']);
    worker.send.next(42);
    assert.equal((await reaches(worker, 'exited')).exit.code, 0);
    await worker[Symbol.asyncDispose]();
  },
  async 'program.exe: CRLF input, 200 round trips, end-of-file'() {
    const worker = ipc.createWorker([PROGRAM]);
    const ask = ipc.exchange(worker, { reply: take(1), timeoutMs: 10_000 });
    const asked = Array.from({ length: 200 }, (_, i) => i + 100);
    assert.deepEqual(
      await collect(from(asked).pipe(ask)),
      asked.map((n) => String((n % 42) + 1)),
    );
    await worker.stop();
    assert.equal(worker.status$.value.state, 'stopped');
    assert.equal(worker.status$.value.exit.code, 0);
  },
  async 'characters and CRLF, cut anywhere'() {
    const bytes = [...Buffer.from('a\r\n\r\nzä😀\r\n日本\r\nend')];
    const script = `const b=${JSON.stringify(bytes)};(async()=>{for(const x of b){require('fs').writeSync(1,Buffer.from([x]));await new Promise(r=>setTimeout(r,2))}})()`;
    assert.deepEqual(await collect(ipc.fromCommand(node(script))), [
      'a',
      '',
      'zä😀',
      '日本',
      'end',
    ]);
  },
  async '200,000 lines'() {
    const many = await collect(ipc.fromCommand(SEQ(200_000)).pipe(map(Number)));
    assert.equal(many.length, 200_000);
    assert.ok(many.every((n, index) => n === index + 1));
  },
  async 'a worker: output, input, end-of-file'() {
    const worker = ipc.createWorker(CAT);
    const lines = collect(worker.output$.pipe(take(3)));
    for (const line of ['one', 2, 'ä日😀']) worker.send.next(line);
    assert.deepEqual(await lines, ['one', '2', 'ä日😀']);
    worker.send.complete();
    const { exit } = await reaches(worker, 'exited');
    assert.deepEqual([exit.code, exit.signal, exit.reason], [0, null, 'success']);
    await worker[Symbol.asyncDispose]();
  },
  async 'a large input, and none of it lost'() {
    const worker = ipc.createWorker(
      node('let n=0;process.stdin.on("data",d=>n+=d.length).on("end",()=>console.log(n))'),
      { start: false },
    );
    const count = firstLine(worker);
    worker.start();
    for (let sent = 0; sent < 10_000; sent++) worker.send.next('x'.repeat(999));
    worker.send.complete();
    assert.equal(Number(await count), 10_000_000);
    await reaches(worker, 'exited');
  },
  async 'statuses of a life'() {
    const states = collect(ipc.lifeOf(node('0')).pipe(map(({ state }) => state)));
    assert.deepEqual(await states, ['starting', 'running', 'exited']);
    const worker = ipc.createWorker(CAT);
    const seen = [];
    worker.status$.subscribe(({ state, stage }) => seen.push(stage ?? state));
    worker.send.next('up');
    await firstLine(worker); // A slow machine: node itself must be up to notice end-of-file in time.
    await worker.stop();
    assert.deepEqual(seen, ['starting', 'running', 'eof', 'stopped']);
  },
  async 'exit codes and stderr in errors'() {
    const error = await rejection(
      collect(ipc.fromCommand(node('console.error("why ä");process.exit(3)'))),
    );
    assert.ok(error instanceof ipc.ExitError);
    assert.deepEqual([error.exit.code, error.exit.stderrTail], [3, 'why ä\n']);
    const crash = await rejection(collect(ipc.fromCommand(node('process.exit(0xC0000005)'))));
    assert.deepEqual(
      [crash.exit.code, crash.exit.signal, crash.exit.reason],
      [0xc0000005, null, 'exit-code'],
    );
    const killed = await rejection(
      collect(ipc.fromCommand(node('process.kill(process.pid,"SIGKILL")'))),
    );
    assert.ok(killed.exit.code === 1 || killed.exit.signal === 'SIGKILL');
  },
  async 'a program that is not there'() {
    for (const name of [
      'there-is-no-such-program',
      'C:\\there is none\\x.exe',
      join(here, 'none.cmd'),
    ]) {
      const error = await rejection(collect(ipc.fromCommand([name])));
      assert.ok(error instanceof ipc.SpawnError, `${name}: ${error}`);
      assert.equal(error.code, 'ENOENT');
    }
    const worker = ipc.createWorker('there-is-no-such-program');
    const failed = await reaches(worker, 'failed');
    assert.deepEqual([failed.error.code, failed.exits[0].code], ['ENOENT', null]);
  },
  async 'a cwd that is not there'() {
    const error = await rejection(collect(ipc.fromCommand(CAT, { cwd: 'C:\\none' })));
    assert.ok(error instanceof ipc.SpawnError);
  },
  async 'a program that is a directory'() {
    const dir = folder();
    for (const file of [dir]) {
      const error = await rejection(collect(ipc.fromCommand([file])));
      assert.ok(error instanceof ipc.SpawnError, String(error));
    }
  },
  async 'what is refused by the system: too long a command line, uid'() {
    // Windows allows 32,767 characters (ENAMETOOLONG); Wine cuts what is longer, without an error.
    const long = await collect(
      ipc.fromCommand([
        process.execPath,
        '-e',
        'console.log(process.argv[1].length)',
        'x'.repeat(40_000),
      ]),
    ).catch(String);
    for (const [args, options] of [[[], { uid: 1 }]]) {
      const error = await rejection(
        collect(ipc.fromCommand([process.execPath, '-e', '0', ...args], options)),
      );
      assert.ok(error instanceof ipc.SpawnError, String(error));
    }
  },
  async 'an empty env, and a bare name within it'() {
    const [told] = await collect(
      ipc.fromCommand(node('console.log(Object.keys(process.env).join())'), { env: {} }),
    );
    // Node adds PATH, SystemRoot and others itself: it is never empty on Windows.
    assert.match((await collect(ipc.fromCommand('node -v', { env: {} })))[0], /^v/);
  },
  async 'a line of 1 MiB there and back'() {
    const line = 'ä'.repeat(1 << 19);
    assert.deepEqual(await collect(of(line).pipe(ipc.through(CAT))), [line]);
  },
  async 'cwd and env with spaces and Unicode'() {
    const cwd = join(folder(), 'ä 日本');
    mkdirSync(cwd);
    const env = { ...process.env, GREETING: 'ä 日本 😀 %PATH% "q"' };
    const told = await collect(
      ipc.fromCommand(node('console.log(JSON.stringify([process.cwd(),process.env.GREETING]))'), {
        cwd,
        env,
      }),
    );
    assert.deepEqual(JSON.parse(told[0]), [cwd, env.GREETING]);
  },
  async 'awkward arguments to a program'() {
    const [told] = await collect(
      ipc.fromCommand(node('console.log(JSON.stringify(process.argv.slice(1)))', '--', ...AWKWARD)),
    );
    assert.deepEqual(JSON.parse(told), AWKWARD);
  },
  async 'restarts, and their limit'() {
    const supervise = ipc.restartOnExit({ maxRestarts: 2, delayMs: 1, jitter: false });
    const worker = ipc.createWorker(node('console.log("up");process.exitCode=1'), { supervise });
    const lines = collect(worker.output$.pipe(take(3)));
    const { error, exits } = await reaches(worker, 'failed');
    assert.ok(error instanceof ipc.RestartLimitError);
    assert.deepEqual([exits.length, await lines], [3, ['up', 'up', 'up']]);
  },
  async 'restart after a kill from outside'() {
    const worker = ipc.createWorker(CAT, { supervise: ipc.restartOnExit({ delayMs: 1 }) });
    const { pid } = await reaches(worker, 'running');
    process.kill(pid, 'SIGKILL');
    const second = await firstValueFrom(
      worker.status$.pipe(filter((s) => s.state === 'running' && s.generation === 2)),
    );
    assert.notEqual(second.pid, pid);
    const lines = collect(worker.output$.pipe(take(1)));
    worker.send.next('again');
    assert.deepEqual(await lines, ['again']);
    await worker.stop();
  },
  async 'ready: greeted before its input'() {
    const worker = ipc.createWorker(CAT, {
      ready(output$, write) {
        write('hello');
        return output$.pipe(filter((line) => line === 'hello'));
      },
    });
    worker.send.next('input');
    const lines = collect(worker.output$.pipe(take(2)));
    assert.deepEqual(await lines, ['hello', 'input']);
    await worker.restart();
    assert.equal(worker.status$.value.generation, 2);
    await worker.stop();
  },
  async 'the stop ladder, on a whole tree'() {
    const worker = ipc.createWorker(STUBBORN, { stop: { endInputMs: 50, terminateMs: 8_000 } });
    const pids = (await firstLine(worker)).split(' ').map(Number);
    const stages = [];
    worker.status$.subscribe(({ stage }) => stage && stages.push(stage));
    assert.deepEqual(pids.map(isAlive), [true, true]);
    await worker.stop();
    assert.deepEqual(stages, ['eof', 'term']);
    assert.equal(worker.status$.value.state, 'stopped');
    await eventually(() => !pids.some(isAlive));
  },
  async 'a descendant that outlives the program: the stop settles'() {
    const worker = ipc.createWorker(LEAVER, { stop: { endInputMs: 5_000 } });
    const pids = (await firstLine(worker)).split(' ').map(Number);
    await worker.stop();
    assert.equal(worker.status$.value.state, 'stopped');
    // Windows: it is gone. Wine has no PowerShell to find it with.
    if (isAlive(pids[1])) process.kill(pids[1]);
  },
  async 'unsubscribing ends the program'() {
    let pid;
    const life = ipc.lifeOf(node(SLEEP)).subscribe((status) => (pid = status.pid ?? pid));
    await eventually(() => pid !== undefined);
    await later(200);
    life.unsubscribe();
    await eventually(() => !isAlive(pid));
  },
  async 'a program that closed its stdin'() {
    const worker = ipc.createWorker([join(here, 'closeStdin.exe')], { stop: { endInputMs: 0 } });
    await firstLine(worker);
    let reason;
    worker.rejected$.subscribe(({ error }) => (reason = error));
    worker.send.next('lost');
    try {
      await eventually(() => reason !== undefined);
      assert.ok(reason instanceof ipc.InputClosedError);
    } finally {
      await worker.stop();
    }
  },
  async 'feed, no faster than it is read'() {
    const worker = ipc.createWorker(
      node(
        'setTimeout(()=>{let n=0;process.stdin.on("data",d=>{for(const b of d)if(b===10)n++}).on("end",()=>console.log(n))},700)',
      ),
      { maxPendingBytes: 1_000_000 },
    );
    await reaches(worker, 'running');
    let pulled = 0;
    function* values() {
      for (; pulled < 50_000; pulled++) yield 'x'.repeat(100);
    }
    const count = firstLine(worker);
    const progress = lastValueFrom(ipc.feed(worker, values()));
    await later(100);
    assert.ok(pulled < 20_000, `${pulled} were pulled before any was read`);
    assert.deepEqual(await progress, { values: 50_000, bytes: 50_000 * 101 });
    worker.send.complete();
    assert.equal(Number(await count), 50_000);
  },
  async 'consume, which pauses the program'() {
    const worker = ipc.createWorker(SEQ(300_000), { start: false });
    let received = 0;
    worker.output$.subscribe(() => received++);
    let receivedMeanwhile;
    const project = async (line) => {
      if (line === '1') {
        await later(300);
        receivedMeanwhile = received;
      }
      return line;
    };
    const last = firstValueFrom(
      ipc.consume(worker, project).pipe(filter((line) => line === '300000')),
    );
    worker.start();
    await last;
    assert.ok(receivedMeanwhile < 100_000, `${receivedMeanwhile} lines came during the first`);
  },
  async 'for await'() {
    const worker = ipc.createWorker(SEQ(50_000), { start: false });
    const lines = (async () => {
      let count = 0;
      for await (const line of worker) assert.equal(Number(line), ++count);
      return count;
    })();
    worker.start();
    assert.equal(await lines, 50_000);
    const endless = ipc.createWorker(
      node(
        'const w=()=>{while(process.stdout.write("y\\n".repeat(1000)));process.stdout.once("drain",w)};w()',
      ),
      { stop: { endInputMs: 0 } },
    );
    for await (const line of endless) {
      assert.equal(line, 'y');
      break;
    }
    await endless[Symbol.asyncDispose]();
  },
  async through() {
    const sort = node(
      'require("fs").readFileSync(0,"utf8").trim().split("\\n").sort().forEach(l=>console.log(l))',
    );
    assert.deepEqual(await collect(of('b', 'a', 'c').pipe(ipc.through(sort))), ['a', 'b', 'c']);
  },
  async codecs() {
    const said = (values, codec) => collect(from(values).pipe(ipc.through(CAT, { codec })));
    const messages = [{ id: 1, text: 'ä\n' }, [null]];
    assert.deepEqual(await said(messages, ipc.jsonLines()), messages);
    assert.deepEqual(await said(messages, ipc.contentLength()), messages);
    assert.deepEqual(await said(['a\n', 'b'], ipc.delimited('\0')), ['a\n', 'b']);
    const chunks = await said([Uint8Array.of(0, 255)], ipc.bytes());
    assert.deepEqual(
      chunks.flatMap((chunk) => [...chunk]),
      [0, 255],
    );
    const error = await rejection(
      collect(ipc.fromCommand(node('console.log("{")'), { codec: ipc.jsonLines() })),
    );
    assert.ok(error instanceof ipc.FramingError);
  },
  async 'exchange, in turn and by key'() {
    const worker = ipc.createWorker(CALCULATOR);
    const ask = ipc.exchange(worker, { reply: take(1), timeoutMs: 10_000 });
    assert.deepEqual(await collect(of('6 * 7', '1 + 1').pipe(ask)), ['42', '2']);
    await worker.stop();
    const server = ipc.createWorker(CAT, { codec: ipc.jsonLines() });
    const requests = Array.from({ length: 1_000 }, (_, id) => ({ id }));
    assert.deepEqual(
      await collect(from(requests).pipe(ipc.exchange(server, { key: ({ id }) => id }))),
      requests,
    );
    await server.stop();
    const mute = ipc.createWorker(node('process.stdin.resume()'));
    const late = ipc.exchange(mute, { reply: take(1), timeoutMs: 50 });
    assert.ok((await rejection(collect(of('?').pipe(late)))) instanceof ipc.ReplyTimeoutError);
    await mute.stop();
  },
  async 'a pool whose programs die'() {
    const echo = LINES + 'w=>{if(w==="die")process.exit(1);console.log(w)})';
    const pool = ipc.createPool(node(echo), { size: 2, restart: { delayMs: 1, maxRestarts: 100 } });
    const requests = ['a', 'b', 'c', 'd'];
    const ask = ipc.exchange(pool, { reply: take(1) });
    assert.deepEqual((await collect(from(requests).pipe(ask))).sort(), requests);
    assert.ok((await rejection(collect(of('die').pipe(ask)))) instanceof ipc.ExitError);
    assert.deepEqual(await collect(of('again').pipe(ask)), ['again']);
    await pool[Symbol.asyncDispose]();
  },
  async 'the imperative interface'() {
    const heard = [];
    const worker = new Worker(CALCULATOR, (line) => heard.push(line), { verbose: false });
    worker.send('6 * 7');
    await eventually(() => worker.data !== null);
    assert.deepEqual([worker.running, worker.data, heard], [true, '42', ['42']]);
    await worker.shutdown();
    assert.deepEqual([worker.running, worker.data], [false, null]);
  },
  async 'the test kit'() {
    const scheduler = new VirtualTimeScheduler();
    const echo = fakeProgram(
      map((line) => `echo ${line}`),
      { scheduler },
    );
    const worker = ipc.createWorker('none', { supervise: ipc.restartOnExit(), ...echo.options });
    const lines = [];
    worker.output$.subscribe((line) => lines.push(line));
    await advance(scheduler, 0);
    worker.send.next(1);
    await advance(scheduler, 0);
    echo.lastRun.crash();
    await advance(scheduler, 1_000);
    assert.deepEqual([lines, echo.runs.length], [['echo 1'], 2]);
  },
  ...Object.fromEntries(
    ['SIGKILL', 'exit', 'throw'].map((how) => [
      `no orphan of a host that ends by ${how}`,
      async () => {
        const host = spawn(process.execPath, [fileURLToPath(import.meta.url), '--host'], {
          stdio: ['pipe', 'pipe', how === 'throw' ? 'ignore' : 'inherit'],
        });
        const line = await new Promise((resolve) =>
          createInterface({ input: host.stdout }).once('line', resolve),
        );
        const pids = line.split(' ').map(Number);
        assert.deepEqual(pids.map(isAlive), [true, true]);
        if (how === 'SIGKILL') host.kill('SIGKILL');
        else host.stdin.write(how + '\n');
        const end = performance.now() + 8_000;
        while (pids.some(isAlive) && performance.now() < end) await later(20);
        const left = pids.map(isAlive);
        pids.forEach((pid, i) => left[i] && process.kill(pid));
        assert.deepEqual(left, [false, false]);
      },
    ]),
  ),
  async 'a .cmd shim: by path, without .cmd, by PATHEXT, exit code, ENOENT'() {
    const dir = folder();
    const argv = join(dir, 'argv.js');
    writeFileSync(argv, 'console.log(JSON.stringify(process.argv.slice(2)))');
    const shim = `@ECHO off\r\nSETLOCAL\r\n"${process.execPath}" "${argv}" %*\r\n`;
    const bare = dir.replaceAll(' ', '_');
    mkdirSync(bare, { recursive: true });
    writeFileSync(join(bare, 'tool.cmd'), shim);
    writeFileSync(join(dir, 'tool.cmd'), shim);
    writeFileSync(join(bare, 'exit5.cmd'), '@exit /b 5\r\n');
    const failures = [];
    const trial = async (name, command, expected, options) => {
      const got = await collect(ipc.fromCommand(command, options)).catch(
        (error) => `${error.name} ${error.code ?? ''} ${error.message}`,
      );
      if (JSON.stringify(got) !== JSON.stringify(expected))
        failures.push(`${name}: ${JSON.stringify(got)}`);
    };
    const env = { ...process.env };
    const path = Object.keys(env).find((key) => /^path$/i.test(key));
    env[path] = `${bare};${env[path]}`;
    await trial('by path', [join(bare, 'tool.cmd'), 'a'], ['["a"]']);
    await trial('by path without .cmd', [join(bare, 'tool'), 'a'], ['["a"]']);
    await trial('by PATHEXT', ['tool', 'a'], ['["a"]'], { env });
    const five = await rejection(collect(ipc.fromCommand([join(bare, 'exit5.cmd')])));
    if (five.exit?.code !== 5) failures.push(`exit 5: ${five}`);
    assert.deepEqual(failures, []);
  },
  async 'a .cmd shim in a folder with a space'() {
    const dir = folder();
    writeFileSync(join(dir, 'tool.cmd'), '@echo %*\r\n');
    assert.deepEqual(await collect(ipc.fromCommand([join(dir, 'tool.cmd'), 'a'])), ['"a"']);
  },
  async 'a text file is no program; a script is run by its interpreter'() {
    const dir = folder();
    writeFileSync(join(dir, 'notes.txt'), 'hello');
    const error = await rejection(collect(ipc.fromCommand([join(dir, 'notes.txt')])));
    assert.equal(error.code, 'EACCES');
    writeFileSync(join(dir, 'script'), '#!/usr/bin/env node\nconsole.log(process.argv[2])');
    const env = { ...process.env, PATH: dirname(process.execPath) };
    assert.deepEqual(await collect(ipc.fromCommand([join(dir, 'script'), 'a b'], { env })), [
      'a b',
    ]);
  },
  async 'a name that only cmd.exe knows is not run'() {
    const mark = join(folder(), 'mark');
    writeFileSync(mark, 'x');
    const got = await collect(ipc.fromCommand(['del', mark])).catch((error) => error.code);
    assert.deepEqual([got, existsSync(mark)], ['ENOENT', true]);
  },
  async '.cmd: each awkward argument arrives or is refused'() {
    const failures = [];
    for (const kind of ['own', 'npm']) {
      const dir = join(
        folder().replaceAll(' ', '_'),
        ...(kind === 'npm' ? ['node_modules', '.bin'] : []),
      );
      mkdirSync(dir, { recursive: true });
      const argv = join(dir, 'argv.js');
      writeFileSync(argv, 'console.log(`[1] ${process.argv[2]}`)');
      const write = (program) =>
        writeFileSync(join(dir, 'tool.cmd'), `@ECHO off\r\nSETLOCAL\r\n${program} %*\r\n`);
      for (const arg of [
        ...AWKWARD,
        '%PATH:~0,1%',
        '%CMDCMDLINE:~-1%',
        'a" & calc & "',
        'a\\\\',
        'x%y:z',
      ]) {
        // program.exe starts ten times as fast as Node, but knows ASCII only.
        write(/[^\x00-\x7f]/.test(arg) ? `"${process.execPath}" "${argv}"` : `"${PROGRAM}"`);
        const got = await collect(ipc.fromCommand([join(dir, 'tool.cmd'), arg])).catch(
          (error) => error,
        );
        if (got instanceof ipc.SpawnError && /cmd\.exe/.test(got.message)) continue;
        if (JSON.stringify(got) !== JSON.stringify([`[1] ${arg}`]))
          failures.push(
            `${kind} ${JSON.stringify(arg)}: ${String(got?.message ?? got)}`.slice(0, 160),
          );
      }
    }
    assert.deepEqual(failures, []);
  },
  async '.cmd: an injection is refused, and nothing is run'() {
    const dir = folder().replaceAll(' ', '_');
    mkdirSync(dir, { recursive: true });
    const mark = join(dir, 'owned');
    writeFileSync(join(dir, 'tool.cmd'), '@echo %*\r\n');
    for (const arg of [
      `" & echo x > ${mark} & "`,
      `a\n echo x > ${mark}`,
      `a\r\necho x > ${mark}`,
      `%CMDCMDLINE:~-1% & echo x > ${mark}%:%`,
      `\\\\" & echo x > ${mark}`,
      `& echo x > ${mark}`,
      `| echo x > ${mark}`,
      `> ${mark}`,
      `^& echo x > ${mark}`,
    ]) {
      await collect(ipc.fromCommand([join(dir, 'tool.cmd'), arg])).catch(() => undefined);
      assert.ok(!existsSync(mark), `${JSON.stringify(arg)} was run`);
    }
  },
  async '.cmd: a stop ends what the shim runs'() {
    const dir = folder().replaceAll(' ', '_');
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'up.js'), `console.log(process.pid);${SLEEP}`);
    writeFileSync(join(dir, 'tool.cmd'), `@"${process.execPath}" "${join(dir, 'up.js')}" %*\r\n`);
    const worker = ipc.createWorker([join(dir, 'tool.cmd')], {
      stop: { endInputMs: 50, terminateMs: 8_000 },
    });
    const pid = Number(await firstLine(worker));
    assert.notEqual(pid, worker.status$.value.pid);
    await worker.stop();
    await eventually(() => !isAlive(pid));
  },
  async 'a stop where taskkill is not there'() {
    const root = process.env.SystemRoot;
    process.env.SystemRoot = 'C:\\nowhere';
    try {
      const worker = ipc.createWorker(node('console.log(1);' + SLEEP), {
        stop: { endInputMs: 50, terminateMs: 5_000 },
      });
      await firstLine(worker);
      await worker.stop();
      assert.equal(worker.status$.value.state, 'stopped');
    } finally {
      process.env.SystemRoot = root;
    }
  },
  async '20 workers started and stopped, no handle left'() {
    const before = process.getActiveResourcesInfo().length;
    const workers = Array.from({ length: 20 }, () => ipc.createWorker([PROGRAM]));
    await Promise.all(workers.map((worker) => reaches(worker, 'running')));
    await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
    await later(100);
    assert.ok(
      process.getActiveResourcesInfo().length <= before,
      `${process.getActiveResourcesInfo()}`,
    );
  },
};

function host() {
  const worker = ipc.createWorker(STUBBORN);
  worker.output$.subscribe((pids) => console.log(pids));
  createInterface({ input: process.stdin }).on('line', (how) => {
    if (how === 'throw')
      setImmediate(() => {
        throw new Error('asked to');
      });
    else process.exit(1);
  });
}

if (process.argv[2] === '--host') host();
else await runChecks(process.argv[2] === '--processes' ? PROCESSES : /./);

async function runChecks(part) {
  process.once('beforeExit', () => tell('ends by itself', null));
  for (const [name, check] of Object.entries(checks)) {
    if (!part.test(name)) continue;
    let timer;
    const started = performance.now();
    const limit = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`took longer than ${LIMIT_MS} ms`)), LIMIT_MS);
    });
    const failure = await Promise.race([check(), limit]).then(
      () => null,
      (error) => String(error?.stack ?? error),
    );
    clearTimeout(timer);
    tell(name, failure, Math.round(performance.now() - started));
  }
}
function tell(name, failure, ms) {
  writeSync(1, JSON.stringify({ name, failure, ms }) + '\n');
  if (failure) process.exitCode = 1;
}
async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail('did not fail');
}
function later(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
async function eventually(isTrue) {
  for (const end = performance.now() + 20_000; !isTrue(); await later(10)) {
    assert.ok(performance.now() < end, `${isTrue} did not come true`);
  }
}
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
