import { TestBed, type ComponentFixture } from '@angular/core/testing';
import { mergeMap, NEVER, of } from 'rxjs';
import { createWorker, lines } from 'simple-ipc';
import { provideWorkersOf } from 'simple-ipc/angular';
import { createHost } from 'simple-ipc/host';
import { fakeProgram, type FakeProgram } from 'simple-ipc/testing';
import { exposeEngine } from '../../server/exposeEngine';
import { App } from './app';
import { Game } from './game';

/** Thinks for no time at all; Black's answer to everything is c5. */
const stockfish = () =>
  fakeProgram(
    mergeMap((line: string) =>
      line.startsWith('go')
        ? of('info depth 7 score cp 31 nps 1000 pv c7c5 g1f3', 'bestmove c7c5')
        : NEVER,
    ),
  );

describe('the application, without a server, a socket or a process', () => {
  let program: FakeProgram;
  let fixture: ComponentFixture<App>;
  let stop: () => Promise<void>;

  beforeEach(() => {
    program = stockfish();
    const codec = lines({ lineBreaks: 'allow' });
    const worker = createWorker('stockfish', { codec, ...program.options });
    const host = createHost({
      workers: { engine: exposeEngine(worker) },
      authorize: () => ({ id: 'tester' }),
    });
    TestBed.configureTestingModule({ providers: [provideWorkersOf(() => host)] });
    fixture = TestBed.createComponent(App);
    stop = async () => {
      TestBed.resetTestingModule();
      await host.close();
      await worker[Symbol.asyncDispose]();
    };
  });

  afterEach(() => stop());

  const element = () => fixture.nativeElement as HTMLElement;
  const shows = (text: string) =>
    vi.waitFor(() => {
      expect(element().textContent.replaceAll(/\s+/g, ' ')).toContain(text);
    });

  it('shows the state of the engine, and what it thinks', async () => {
    await shows('Engine: running');
    await shows('+0.31');
  });

  it('plays the move that the engine answers', async () => {
    await shows('Your move');
    element().querySelector<HTMLElement>('[data-square="e2"]')?.click();
    await fixture.whenStable();
    element().querySelector<HTMLElement>('[data-square="e4"]')?.click();
    await shows('Stockfish played c5. Your move.');
    expect(TestBed.inject(Game).notation()).toEqual(['e4', 'c5']);
    expect(program.lastRun.received.join('\n')).toContain('position fen');
  });

  it('shows that the engine is down', async () => {
    await shows('Engine: running');
    program.lastRun.crash('SIGKILL');
    await shows('Engine: failed');
  });

  it('shows how many lines were skipped when the page is too slow', async () => {
    await shows('Engine: running');
    const line = 'x'.repeat(1_000);
    for (let i = 0; i < 10_000; i++) program.lastRun.print(line);
    await shows('lines were skipped');
  });
});
