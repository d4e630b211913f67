// A user's application in small: the whole interface, each part used once. It is type-checked and run with
// each compiler and each rxjs, as an ES module and as CommonJS.
import { deepEqual, equal, ok, rejects } from 'node:assert';
import {
  EMPTY,
  filter,
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  of,
  take,
  toArray,
  VirtualTimeScheduler,
  type Observable,
  type OperatorFunction,
} from 'rxjs';
import {
  bytes,
  contentLength,
  createPool,
  createWorker,
  delimited,
  exchange,
  ExitError,
  feed,
  fromCommand,
  jsonLines,
  lifeOf,
  lines,
  NotRunningError,
  consume,
  restartOnExit,
  SimpleIpcError,
  SpawnError,
  through,
  type Codec,
  type Exit,
  type LineInput,
  type ReactiveWorker,
  type RejectedInput,
  type RestartPolicy,
  type WorkerStatus,
} from 'simple-ipc';
import { Worker } from 'simple-ipc/imperative';
import { advance, fakeProgram } from 'simple-ipc/testing';

const node = process.execPath;

/** A program that does something with each line. */
const program = (body: string): string[] => [
  node,
  '-e',
  `require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => { ${body} })`,
];

const echo = program('console.log(line)');
const copy = [node, '-e', 'process.stdin.pipe(process.stdout)'];

function collect<T>(source$: Observable<T>): Promise<T[]> {
  return lastValueFrom(source$.pipe(toArray()));
}

const rests = ({ status$ }: Pick<ReactiveWorker, 'status$'>): Promise<WorkerStatus> =>
  firstValueFrom(
    status$.pipe(filter(({ state }) => ['stopped', 'exited', 'failed'].includes(state))),
  );

async function talk(): Promise<void> {
  const worker = createWorker(program('console.log(line * 2)'));
  const output = collect(
    worker.output$.pipe(
      map((line) => Number(line)),
      filter((n) => n > 2),
      take(2),
    ),
  );
  for (const n of [1, 2, 21]) worker.send.next(n);
  deepEqual(await output, [4, 42]);
  worker.send.complete();
  const status = await rests(worker);
  equal(status.state === 'exited' && status.exit.code, 0);

  const rejected: Promise<RejectedInput<unknown>> = firstValueFrom(worker.rejected$);
  worker.send.next(3);
  ok((await rejected).error instanceof NotRunningError);
  await worker[Symbol.asyncDispose]();
}

async function runOnce(): Promise<void> {
  deepEqual(await collect(fromCommand([node, '-p', '6 * 7'])), ['42']);
  deepEqual(await collect(from(['b', 'a']).pipe(through(echo))), ['b', 'a']);
  const states = await collect(lifeOf([node, '-p', '1']).pipe(map(({ state }) => state)));
  deepEqual(states, ['starting', 'running', 'exited']);

  await rejects(lastValueFrom(fromCommand('there-is-no-such-program')), SpawnError);
  const failed$ = fromCommand([node, '-e', 'process.exit(3)'], { input: EMPTY });
  await rejects(collect(failed$), (error) => {
    ok(error instanceof ExitError && error instanceof SimpleIpcError && error instanceof Error);
    const { code, signal, reason }: Exit = error.exit;
    const isSignal: NodeJS.Signals | null = signal; // Not `any`: the types of Node are there.
    deepEqual([code, isSignal, reason], [3, null, 'exit-code']);
    return true;
  });
}

interface Message {
  readonly id: number;
  readonly text?: string;
}

async function speakCodecs(): Promise<void> {
  const messages: Message[] = [{ id: 1, text: 'one\ntwo' }, { id: 2 }];
  function said<T, In>(values: In[], codec: Codec<T, In>): Promise<T[]> {
    return collect(from(values).pipe(through(copy, { codec })));
  }

  deepEqual(await said(messages, jsonLines<Message, Message>()), messages);
  deepEqual(await said(messages, contentLength<Message, Message>()), messages);
  deepEqual(await said(['a\nb', 'c'], delimited('\0')), ['a\nb', 'c']);
  deepEqual(await said(['a\nb', 3], lines({ lineBreaks: 'allow' })), ['a', 'b', '3']);
  equal(Buffer.concat(await said(['ä', Uint8Array.of(10)], bytes())).toString(), 'ä\n');
}

async function askAndAnswer(): Promise<void> {
  const calculator = createWorker(program('console.log(eval(line)); console.log("done")'));
  const ask: OperatorFunction<LineInput, number> = exchange(calculator, {
    reply: (output$, request) =>
      output$.pipe(
        take(2),
        filter((line) => line !== 'done' && request !== ''),
        map((line) => Number(line)),
      ),
    timeoutMs: 30_000,
  });
  deepEqual(await collect(of('6 * 7', '1 + 1').pipe(ask)), [42, 2]);
  await calculator.stop();

  const server = createWorker(
    program('setTimeout(() => console.log(line), 50 / JSON.parse(line).id)'),
    {
      codec: jsonLines<Message, Message>(),
    },
  );
  const replies$ = of<Message[]>({ id: 1 }, { id: 2 }).pipe(
    exchange(server, { key: ({ id }) => id }),
    map(({ id }) => id),
  );
  deepEqual((await collect(replies$)).sort(), [1, 2]);
  await server.stop();

  const pool = createPool(echo, {
    size: 2,
    supervise: restartOnExit({ when: 'always', shared: true, maxRestarts: 3 }),
  });
  const requests = ['a', 'b', 'c'];
  const answers = await collect(
    from(requests).pipe(exchange(pool, { reply: take(1), idempotent: true })),
  );
  deepEqual(answers.sort(), requests);
  equal((await firstValueFrom(pool.status$)).waiting, 0);
  await pool[Symbol.asyncDispose]();
}

async function goSlowly(): Promise<void> {
  const worker = createWorker(echo);
  const paced = collect(
    consume(worker, async (line) => Promise.resolve(Number(line)), { concurrency: 2 }).pipe(
      take(3),
    ),
  );
  const { values: count } = await lastValueFrom(feed(worker, [1, 2, 3]));
  equal(count, 3);
  deepEqual((await paced).sort(), [1, 2, 3]);

  const pulled: string[] = [];
  const input = feed(worker, ['x', 'y']).subscribe({ complete: () => worker.send.complete() });
  for await (const line of worker) pulled.push(line);
  deepEqual(pulled, ['x', 'y']);
  input.unsubscribe();
}

async function survive(): Promise<void> {
  const policy: RestartPolicy = { maxRestarts: 3, delayMs: 1, jitter: false };
  const worker = createWorker(program('line === "die" ? process.exit(1) : console.log(line)'), {
    ready: (_output$, write) => {
      write('hello');
      return of(true);
    },
    supervise: restartOnExit(policy),
  });
  const greetings = collect(worker.output$.pipe(take(2)));
  worker.send.next('die');
  deepEqual(await greetings, ['hello', 'hello']);
  await worker.restart();
  equal(worker.status$.value.state, 'running');
  await worker.stop();
  equal(worker.status$.value.state, 'stopped');
}

async function doAsPython(): Promise<void> {
  const worker = new Worker(echo, (line) => ok(line === 'hello'), { verbose: false });
  ok(worker.running);
  worker.send('hello');
  while (worker.data === null) await new Promise((resolve) => setTimeout(resolve, 5));
  equal(worker.data, 'hello');
  await worker.shutdown();
  equal(worker.running, false);
}

async function testWithoutProcesses(): Promise<void> {
  const scheduler = new VirtualTimeScheduler();
  const doubler = fakeProgram(
    map((line) => Number(line) * 2),
    { scheduler },
  );
  const worker = createWorker('doubler', { supervise: restartOnExit(), ...doubler.options });
  const output: string[] = [];
  worker.output$.subscribe((line) => output.push(line));
  await advance(scheduler, 0);
  worker.send.next(21);
  await advance(scheduler, 0);
  deepEqual(output, ['42']);
  doubler.lastRun.crash('SIGSEGV');
  await advance(scheduler, 1_000);
  equal(doubler.runs.length, 2);
}

async function main(): Promise<void> {
  const parts = [
    talk,
    runOnce,
    speakCodecs,
    askAndAnswer,
    goSlowly,
    survive,
    doAsPython,
    testWithoutProcesses,
  ];
  for (const part of parts) await part();
  console.log(`${parts.length} parts work`);
}

void main();
