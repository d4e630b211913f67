import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { workerHealth } from 'simple-ipc/nestjs';
import { fakePool } from '../support/fakePool.js';
import { cleanUp } from '../support/programs.js';
import { startApplication } from './support.js';

describe('workerHealth', () => {
  afterEach(cleanUp);

  it('is up while the program is running, with its state and generation', async () => {
    const { worker, program, pass } = await startApplication();
    const state = () => workerHealth('engine', worker).engine;
    expect(state()).toEqual({ status: 'up', state: 'running', generation: 1 });
    program.lastRun.crash();
    await pass(0);
    expect(state()).toEqual({ status: 'down', state: 'backoff' });
    await pass(50);
    expect(state()).toEqual({ status: 'up', state: 'running', generation: 2 });
    program.lastRun.crash();
    await pass(0);
    expect(state()).toEqual({ status: 'down', state: 'failed' });
  });

  it('of a pool is up while one of its programs is running', async () => {
    const { pool, system } = await fakePool({ size: 2, restart: { maxRestarts: 0 } });
    const state = () => workerHealth('pool', pool).pool;
    expect(state()).toEqual({ status: 'up', running: 2, size: 2 });
    for (const [index, run] of [...system.programs].entries()) {
      run.exit(1);
      await system.pass(0);
      expect(state()).toEqual({ status: index === 0 ? 'up' : 'down', running: 1 - index, size: 2 });
    }
  });

  it('is what a health check of terminus takes', async () => {
    const { app, worker, program, pass } = await startApplication({ imports: [TerminusModule] });
    const health = await app.resolve(HealthCheckService, undefined, { strict: false });
    const check = () => health.check([() => workerHealth('engine', worker)]);
    expect(await check()).toMatchObject({ status: 'ok', info: { engine: { status: 'up' } } });
    program.lastRun.crash();
    await pass(0);
    await expect(check()).rejects.toMatchObject({
      status: 503,
      response: { error: { engine: { status: 'down', state: 'backoff' } } },
    });
  });
});
