import { Controller, Get, Injectable, Sse, type BeforeApplicationShutdown } from '@nestjs/common';
import { request, type IncomingMessage } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { exhaustMap, firstValueFrom, map, NEVER, of, Subject, take } from 'rxjs';
import { exchange, type ReactiveWorker } from 'simple-ipc';
import {
  getWorkerOverridesToken,
  InjectWorker,
  toSse,
  untilShutdown,
  WorkerModule,
} from 'simple-ipc/nestjs';
import { fakeProgram } from 'simple-ipc/testing';
import { observe } from '../support/fakeWorker.js';
import { cleanUp, eventually } from '../support/programs.js';
import { startApplication } from './support.js';

@Controller()
class EngineController {
  constructor(@InjectWorker('engine') readonly engine: ReactiveWorker) {}

  @Get('ask')
  ask() {
    return of('21').pipe(exchange(this.engine, { reply: take(1) }));
  }

  @Sse('lines')
  lines() {
    return toSse(this.engine);
  }

  @Sse('own')
  own() {
    return this.engine.output$.pipe(
      map((line) => ({ data: `line ${line}` })),
      untilShutdown(this.engine),
    );
  }
}

/** Gets a page over a connection of its own. */
async function get(port: number, path: string) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, agent: false }, resolve).on('error', reject).end();
  });
  let body = '';
  const ended = text(response.on('data', (chunk: Buffer) => (body += String(chunk))));
  return {
    ended,
    get body() {
      return body;
    },
  };
}

const serverOf = ({ app }: Awaited<ReturnType<typeof startApplication>>) =>
  app.getHttpServer() as Server;

describe('the shutdown of an application', () => {
  afterEach(cleanUp);

  async function listening() {
    const started = await startApplication({ controllers: [EngineController] });
    await started.app.listen(0, '127.0.0.1');
    const { port } = serverOf(started).address() as AddressInfo;
    return { ...started, port };
  }

  it('completes open event streams, so that the server can close', async () => {
    const { port, worker, program, pass, close } = await listening();
    const [lines, own] = await Promise.all([get(port, '/lines'), get(port, '/own')]);
    program.lastRun.print('7');
    await pass(0);
    await eventually(() => lines.body.includes('data: 7') && own.body.includes('data: line 7'));
    await close();
    expect(await lines.ended).toMatch(/event: status\n(id: \d+\n)?data: running\n[^]*data: 7\n/);
    expect(await own.ended).toContain('data: line 7\n');
    expect(worker.status$.value.state).toBe('stopped');
  });

  it('answers what was asked before, then stops the program', async () => {
    const answer$ = new Subject<string>();
    const slow = fakeProgram(exhaustMap(() => answer$.pipe(take(1))));
    const started = await startApplication({ controllers: [EngineController] }, (builder) =>
      builder.overrideProvider(getWorkerOverridesToken('engine')).useValue(slow.options),
    );
    await started.app.listen(0, '127.0.0.1');
    const { port } = serverOf(started).address() as AddressInfo;
    const reply = get(port, '/ask');
    await eventually(() => slow.lastRun.received.length === 1);
    const closed = started.app.close();
    await eventually(() => !serverOf(started).listening);
    expect(started.worker.status$.value.state).toBe('running');
    answer$.next('42');
    expect(await (await reply).ended).toBe('42');
    await closed;
    expect(started.worker.status$.value.state).toBe('stopped');
  });

  it('leaves the worker to those that use it until their own hooks are done', async () => {
    const answers: string[] = [];
    @Injectable()
    class Service implements BeforeApplicationShutdown {
      constructor(@InjectWorker('engine') readonly engine: ReactiveWorker) {}

      async beforeApplicationShutdown() {
        await this.ask(1);
      }

      async onApplicationShutdown() {
        await this.ask(2);
      }

      private async ask(n: number) {
        answers.push(await firstValueFrom(of(n).pipe(exchange(this.engine, { reply: take(1) }))));
      }
    }
    const { close, worker } = await startApplication({ providers: [Service] });
    await close();
    expect(answers).toEqual(['2', '4']);
    expect(worker.status$.value.state).toBe('stopped');
  });

  it('stops all programs at the same time', async () => {
    const stubborn = () => fakeProgram(() => NEVER, { ignores: ['eof'] });
    const programs = [stubborn(), stubborn()];
    const names = ['first', 'second'];
    const stop = { endInputMs: Infinity };
    const { app } = await startApplication(
      { imports: names.map((name) => WorkerModule.register({ name, command: name, stop })) },
      (builder) =>
        names.reduce(
          (all, name, i) =>
            all.overrideProvider(getWorkerOverridesToken(name)).useValue(programs[i]!.options),
          builder,
        ),
    );
    const closed = app.close();
    // Both are being stopped, though neither has ended.
    await eventually(() => programs.every(({ lastRun }) => lastRun.isInputEnded));
    for (const { lastRun } of programs) lastRun.exit(0);
    await closed;
  });

  it('is that of one application: another in the same host goes on', async () => {
    const one = await startApplication();
    const other = await startApplication();
    const streams = [one, other].map(({ worker }) => observe(toSse(worker)));
    await one.close();
    expect(streams.map(({ end }) => end)).toEqual(['complete', 'open']);
    expect(other.worker.status$.value.state).toBe('running');
    streams[1]?.leave();
  });
});

describe('untilShutdown', () => {
  it('completes nothing for an object that is no worker of the module', () => {
    const source$ = new Subject<number>();
    const stream = observe(source$.pipe(untilShutdown({})));
    source$.next(1);
    expect(stream).toMatchObject({ values: [1], end: 'open' });
    stream.leave();
  });

  it('passes the error of the source', () => {
    const source$ = new Subject<number>();
    const stream = observe(source$.pipe(untilShutdown({})));
    const error = new Error('broken');
    source$.error(error);
    expect(stream.end).toBe(error);
  });
});
