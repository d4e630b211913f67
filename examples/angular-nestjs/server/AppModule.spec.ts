import { Test } from '@nestjs/testing';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filter, firstValueFrom, mergeMap, of, toArray } from 'rxjs';
import type { ReactiveWorker } from 'simple-ipc';
import { getWorkerOverridesToken, getWorkerToken } from 'simple-ipc/nestjs';
import { connectWorker } from 'simple-ipc/remote';
import { fakeProgram } from 'simple-ipc/testing';
import { AppModule } from './AppModule.js';
import { EngineController } from './EngineController.js';
import { EngineHost } from './EngineHost.js';
import type { Engine } from './exposeEngine.js';
import { Sessions } from './Sessions.js';

const START = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';

/** Greets as engines do, and has one move for everything. */
const stockfish = () =>
  fakeProgram(
    mergeMap((line: string) => {
      if (line === 'isready') return of('uciok', 'readyok');
      return line.startsWith('go') ? of('info depth 1 score cp 20 pv e2e4', 'bestmove e2e4') : of();
    }),
  );

async function start() {
  const program = stockfish();
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(getWorkerOverridesToken('engine'))
    .useValue(program.options)
    .compile();
  const token = () => module.get(Sessions).issue();
  const connect = (shown = token) => {
    const engine: Engine = connectWorker('engine', {
      link: module.get(EngineHost).host.link(),
      token: shown,
    });
    return engine;
  };
  return { module, program, connect, token };
}

test('a player asks for a move, and gets all that the engine thinks', async () => {
  const { module, connect } = await start();
  const engine = connect();
  const lines = await firstValueFrom(
    engine.ask('think', `position fen ${START}\ngo movetime 100`).pipe(toArray()),
  );
  assert.deepEqual(lines, ['info depth 1 score cp 20 pv e2e4', 'bestmove e2e4']);
  engine.close();
  await module.close();
});

test('nothing but a position reaches the engine', async () => {
  const { module, program, connect } = await start();
  const engine = connect();
  const asked = firstValueFrom(engine.ask('think', 'setoption name Debug Log File value /tmp/x'));
  await assert.rejects(asked, /it is no position/);
  assert.ok(!program.lastRun.received.join().includes('Debug'));
  engine.close();
  await module.close();
});

test('without a genuine token nobody is connected', async () => {
  const { module, connect } = await start();
  const engine = connect(() => 'a.9999999999999.forged');
  const closed = await firstValueFrom(
    engine.connection$.pipe(filter(({ state }) => state === 'closed')),
  );
  assert.match(String('error' in closed && closed.error), /not authorized/);
  engine.close();
  await module.close();
});

test('the kill button is for players only', async () => {
  const { module, program } = await start();
  const controller = module.get(EngineController);
  assert.throws(() => controller.kill('Bearer x'), /Unauthorized/);
  const engine = module.get<ReactiveWorker>(getWorkerToken('engine'), { strict: false });
  assert.notEqual(engine.status$.value.state, 'failed');
  assert.equal(program.runs.length, 1);
  await module.close();
});
