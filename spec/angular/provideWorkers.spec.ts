import {
  createEnvironmentInjector,
  inject,
  InjectionToken,
  PLATFORM_ID,
  runInInjectionContext,
  type EnvironmentProviders,
} from '@angular/core';
import { firstValueFrom, map, Observable, take, toArray } from 'rxjs';
import { createWorker } from 'simple-ipc';
import {
  injectWorker,
  provideWorkers,
  provideWorkersFrom,
  provideWorkersOf,
} from 'simple-ipc/angular';
import { createHost, expose, type RemoteOf } from 'simple-ipc/host';
import { RefusedError, type Link } from 'simple-ipc/remote';
import { fakeProgram } from 'simple-ipc/testing';
import { cleanUp, eventually, use } from '../support/programs.js';

/** A host whose engine doubles numbers, in memory. */
function startHost() {
  const program = fakeProgram(map((line: string) => Number(line) * 2));
  const worker = use(createWorker('engine', { ...program.options }));
  const engine = expose(worker, { exchanges: { double: { reply: take<string>(1) } } });
  const host = createHost({ workers: { engine }, authorize: () => ({ id: 'tester' }) });
  use({ [Symbol.asyncDispose]: () => host.close() });
  return { host, program, engine };
}
type Engine = RemoteOf<ReturnType<typeof startHost>['engine']>;

/** As for the injector that an application has between its components and the platform. */
const createTop = (providers: Parameters<typeof createEnvironmentInjector>[0]) =>
  createEnvironmentInjector(providers, null as never);
const NAME = new InjectionToken<string>('name');

/** Angular's own classes of injectors implement each other, and do not extend. */
/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment */

describe('workers of Angular', () => {
  afterEach(cleanUp);

  function createInjector(providers: EnvironmentProviders, platform = 'browser') {
    const given = [
      { provide: PLATFORM_ID, useValue: platform },
      { provide: NAME, useValue: 'given' },
    ];
    const injector = createTop([providers, ...given]);
    const destroy = () => {
      if (!injector.destroyed) injector.destroy();
    };
    use({
      async [Symbol.asyncDispose]() {
        await Promise.resolve();
        destroy();
      },
    });
    return {
      destroy,
      inject: (name: string) => runInInjectionContext(injector, () => injectWorker<Engine>(name)),
    };
  }

  describe('injectWorker', () => {
    it('connects to the host when it is called for the first time, and not again', async () => {
      const { host } = startHost();
      const injector = createInjector(provideWorkersOf(() => host));
      expect(host.sessions).toBe(0);
      const engine = injector.inject('engine');
      expect(injector.inject('engine')).toBe(engine);
      await eventually(() => engine.status$.value.state === 'running');
      expect(host.sessions).toBe(1);
      expect(await firstValueFrom(engine.ask('double', '21'))).toBe('42');
    });

    it('gives what is closed with the injector, its streams complete', async () => {
      const { host } = startHost();
      const injector = createInjector(provideWorkersOf(() => host));
      const engine = injector.inject('engine');
      await eventually(() => host.sessions === 1);
      const output = firstValueFrom(engine.output$.pipe(toArray()));
      injector.destroy();
      expect(await output).toEqual([]);
      await eventually(() => host.sessions === 0);
    });

    it('names what is missing where nothing provides workers', () => {
      const injector = createInjector(provideWorkersFrom(() => () => ({ close: () => {} })));
      expect(() => injectWorker('engine')).toThrow(/injection context/);
      const bare = createTop([]);
      expect(() => runInInjectionContext(bare, () => injectWorker('engine'))).toThrow(
        /simple-ipc workers/,
      );
      injector.destroy();
    });
  });

  describe('provideWorkers', () => {
    it('makes the options once, where things can be injected', async () => {
      const { host } = startHost();
      const made: string[] = [];
      const injector = createInjector(
        provideWorkers(() => {
          made.push(inject(NAME));
          return { link: host.link() };
        }),
      );
      expect(made).toEqual([]);
      const engine = injector.inject('engine');
      injector.inject('other');
      expect(made).toEqual(['given']);
      await eventually(() => engine.connection$.value.state === 'open');
    });

    it('starts and connects nothing on a server: what is asked fails at once', async () => {
      let calls = 0;
      const link: Link = new Observable(() => {
        calls++;
      });
      const injector = createInjector(
        provideWorkers(() => {
          calls++;
          return { link, token: () => Promise.reject(new Error(String(calls++))) };
        }),
        'server',
      );
      const engine = injector.inject('engine');
      expect(engine.status$.value.state).toBe('stopped');
      await expect(firstValueFrom(engine.ask('double', '21'))).rejects.toThrow(RefusedError);
      await expect(
        firstValueFrom(injector.inject('other').ask('double', '21', { idempotent: true })),
      ).rejects.toThrow(/not connected while the page is rendered/);
      expect(engine.connection$.value.state).toBe('closed');
      expect(calls).toBe(0);
    });
  });

  describe('provideWorkersOf', () => {
    it('gives the workers of a host to a server, too', async () => {
      const { host } = startHost();
      const injector = createInjector(
        provideWorkersOf(() => host),
        'server',
      );
      const engine = injector.inject('engine');
      expect(await firstValueFrom(engine.ask('double', '4'))).toBe('8');
    });

    it('shows what a fake program does', async () => {
      const { host, program } = startHost();
      const engine = createInjector(provideWorkersOf(() => host)).inject('engine');
      await eventually(() => engine.status$.value.state === 'running');
      const line = firstValueFrom(engine.output$);
      program.lastRun.print('a line');
      expect(await line).toBe('a line');
      program.lastRun.crash();
      await eventually(() => engine.status$.value.state === 'failed');
    });
  });

  describe('provideWorkersFrom', () => {
    it('calls the factory once per name', () => {
      const names: string[] = [];
      const closed: string[] = [];
      const injector = createInjector(
        provideWorkersFrom(() => (name) => {
          names.push(name);
          return { close: () => closed.push(name) };
        }),
      );
      for (const name of ['a', 'b', 'a']) injector.inject(name);
      injector.destroy();
      expect({ names, closed }).toEqual({ names: ['a', 'b'], closed: ['a', 'b'] });
    });
  });

  it.each([
    ['provideWorkers: options', provideWorkers],
    ['provideWorkersOf: host', provideWorkersOf],
    ['provideWorkersFrom: make', provideWorkersFrom],
  ])('%s must be a function', (name, provide: (argument: never) => unknown) => {
    expect(() => provide({} as never)).toThrow(`${name} must be a function`);
  });
});
