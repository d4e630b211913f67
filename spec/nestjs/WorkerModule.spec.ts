import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { firstValueFrom, of, take } from 'rxjs';
import { exchange, jsonLines, type Pool, type ReactiveWorker } from 'simple-ipc';
import {
  getWorkerOverridesToken,
  getWorkerToken,
  InjectWorker,
  WorkerModule,
} from 'simple-ipc/nestjs';
import { cleanUp, use } from '../support/programs.js';
import { doubler, startApplication } from './support.js';

const ask = (worker: ReactiveWorker | Pool, n: number) =>
  firstValueFrom(of(n).pipe(exchange(worker, { reply: take(1) })));

describe('WorkerModule', () => {
  afterEach(cleanUp);

  describe('register', () => {
    it('provides a worker by its name', async () => {
      @Injectable()
      class Service {
        constructor(@InjectWorker('engine') readonly engine: ReactiveWorker) {}
      }
      const { app } = await startApplication({ providers: [Service] });
      expect(await ask(app.get(Service).engine, 21)).toBe('42');
    });

    it('provides a pool if there is a size', async () => {
      const scores = doubler();
      const { app } = await startApplication(
        { imports: [WorkerModule.register({ name: 'scores', command: 'score', size: 3 })] },
        (builder) =>
          builder
            .overrideProvider(getWorkerOverridesToken('scores'))
            .useValue(scores.program.options),
      );
      const pool = app.get<Pool>(getWorkerToken('scores'), { strict: false });
      expect(pool.workers).toHaveLength(3);
      expect(await ask(pool, 4)).toBe('8');
    });

    it('gives a worker without a name the default one', async () => {
      const { program } = doubler();
      const module = await Test.createTestingModule({
        imports: [WorkerModule.register({ command: 'doubler' })],
      })
        .overrideProvider(getWorkerOverridesToken())
        .useValue(program.options)
        .compile();
      expect(await ask(use(module.get<ReactiveWorker>(getWorkerToken())), 1)).toBe('2');
    });

    it('takes a codec, and what it makes of the types', async () => {
      const registration = WorkerModule.register({
        command: 'json',
        codec: jsonLines<{ reply: number }, { request: number }>(),
        start: false,
        ready: (output$, write) => {
          write({ request: 1 });
          return output$.pipe(take(1));
        },
      });
      const module = await Test.createTestingModule({ imports: [registration] }).compile();
      const worker = use(module.get<ReactiveWorker>(getWorkerToken()));
      expect(worker.status$.value).toEqual({ state: 'stopped' });
    });

    it('fails the start of the application for a wrong option', async () => {
      const imports = [WorkerModule.register({ command: 'doubler', maxLineBytes: -1 })];
      await expect(Test.createTestingModule({ imports }).compile()).rejects.toThrow(/maxLineBytes/);
    });

    it('refuses a name that is no text', () => {
      const registration = { command: 'doubler', name: 1 as unknown as string };
      expect(() => WorkerModule.register(registration)).toThrow(/name must be a string/);
      expect(() => WorkerModule.forRoot(registration)).toThrow(/name must be a string/);
    });
  });

  describe('registerAsync', () => {
    @Injectable()
    class Config {
      readonly delayMs = 7;
    }
    @Module({ providers: [Config], exports: [Config] })
    // eslint-disable-next-line @typescript-eslint/no-extraneous-class
    class ConfigModule {}

    it('calls the factory with what it injects', async () => {
      const { program } = doubler();
      const given: Config[] = [];
      const module = await Test.createTestingModule({
        imports: [
          WorkerModule.registerAsync({
            name: 'engine',
            imports: [ConfigModule],
            inject: [Config],
            useFactory: async (config: Config) => {
              await Promise.resolve();
              given.push(config);
              return { command: 'doubler', ...program.options };
            },
          }),
        ],
      }).compile();
      expect(await ask(use(module.get<ReactiveWorker>(getWorkerToken('engine'))), 2)).toBe('4');
      expect(given).toEqual([new Config()]);
    });

    it('fails the start of the application with the error of the factory', async () => {
      const useFactory = () => Promise.reject(new Error('no such setting'));
      const imports = [WorkerModule.registerAsync({ useFactory })];
      await expect(Test.createTestingModule({ imports }).compile()).rejects.toThrow(
        'no such setting',
      );
    });
  });

  describe('forRoot and forRootAsync', () => {
    @Injectable()
    class Service {
      constructor(@InjectWorker('engine') readonly engine: ReactiveWorker) {}
    }
    @Module({ providers: [Service] })
    // eslint-disable-next-line @typescript-eslint/no-extraneous-class
    class OtherModule {}

    it('provide the worker to every module', async () => {
      const { options } = doubler().program;
      for (const registered of [
        WorkerModule.forRoot({ name: 'engine', command: 'doubler', ...options }),
        WorkerModule.forRootAsync({
          name: 'engine',
          useFactory: () => ({ command: 'doubler', ...options }),
        }),
      ]) {
        const imports = [registered, OtherModule];
        const module = await Test.createTestingModule({ imports }).compile();
        const { engine } = module.get(Service, { strict: false });
        expect(await ask(use(engine), 3)).toBe('6');
      }
    });

    it('register provides it to those that import it only', async () => {
      const registered = WorkerModule.register({ name: 'engine', command: 'x', start: false });
      const imports = [registered, OtherModule];
      await expect(Test.createTestingModule({ imports }).compile()).rejects.toThrow(
        /simple-ipc worker engine/,
      );
    });
  });

  describe('in a test', () => {
    it('keeps the policy of the application when a fake program is laid over it', async () => {
      const { program, pass, worker } = await startApplication();
      program.lastRun.crash();
      await pass(49);
      expect(worker.status$.value.state).toBe('backoff');
      await pass(1);
      expect(worker.status$.value).toMatchObject({ state: 'running', generation: 2 });
    });

    it('shuts down with whatever was put in the place of a worker', async () => {
      const module = await Test.createTestingModule({
        imports: [WorkerModule.register({ name: 'engine', command: 'doubler' })],
      })
        .overrideProvider(getWorkerToken('engine'))
        .useValue({ send: {} })
        .compile();
      await expect(module.close()).resolves.toBeUndefined();
    });
  });

  describe('reports to the logger of Nest', () => {
    it('runs, restarts and failures', async () => {
      const { program, pass, logger } = await startApplication();
      program.lastRun.crash('SIGSEGV');
      await pass(50);
      program.lastRun.exit(3);
      await pass(0);
      expect(logger.of('Worker:engine')).toEqual([
        'log Worker:engine: running (run 1)',
        'warn Worker:engine: "doubler" was ended by SIGSEGV; next run in 50 ms',
        'log Worker:engine: running (run 2)',
        expect.stringMatching(/^error .*"doubler" .*/),
      ]);
    });

    it('the first rejected input of a run, and stderr', async () => {
      const { worker, program, pass, logger } = await startApplication();
      const sendWrong = () => ['a\nb', 'c\nd'].forEach((line) => worker.send.next(line));
      sendWrong();
      program.lastRun.printError('out of ideas');
      program.lastRun.crash();
      await pass(50);
      sendWrong();
      const warnings = logger.of('Worker:engine').filter((line) => line.includes('rejected'));
      expect(warnings).toHaveLength(2);
      expect(warnings[0]).toMatch(/^warn .*an input was rejected: "doubler"/);
      expect(logger.lines).toContain('debug Worker:engine: out of ideas');
    });

    it('the workers of a pool, each by its number', async () => {
      const scores = doubler();
      const { logger } = await startApplication(
        { imports: [WorkerModule.register({ name: 'scores', command: 'score', size: 2 })] },
        (builder) =>
          builder
            .overrideProvider(getWorkerOverridesToken('scores'))
            .useValue(scores.program.options),
      );
      expect(logger.of('Worker:scores-1')).toHaveLength(1);
      expect(logger.of('Worker:scores-2')).toHaveLength(1);
    });
  });
});
