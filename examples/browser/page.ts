// The page: a program of the server, as if it ran here.
import { animationFrameScheduler, bufferTime, filter, map, merge, scan } from 'rxjs';
import { connectWorker, socketLink } from 'simple-ipc/remote';
import type { Calculator } from './server.js';

interface Shown {
  readonly kind: 'out' | 'err' | 'in' | 'gap';
  readonly text: string;
}
const MOST = 200;

// The page has it, and of that class.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
const find = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
const form = find<HTMLFormElement>('form');
const input = find<HTMLInputElement>('input');
const log = find('log');

const calculator: Calculator = connectWorker('calculator', {
  link: socketLink(`ws://${location.host}/workers`),
  token: () => document.querySelector('meta[name=token]')?.getAttribute('content') ?? '',
});

const show = (kind: Shown['kind']) => map((text: unknown): Shown => ({ kind, text: String(text) }));

// Lines come by the million: the page is changed at most ten times a second, and keeps the last.
merge(
  calculator.output$.pipe(show('out')),
  calculator.stderr$.pipe(show('err')),
  calculator.send.pipe(show('in')),
  calculator.rejected$.pipe(
    map(({ value, error }) => `${String(value)}: ${error.message}`),
    show('err'),
  ),
  calculator.gaps$.pipe(
    map(({ reason }) => `what came before is missing (${reason})`),
    show('gap'),
  ),
)
  .pipe(
    bufferTime(100, animationFrameScheduler),
    filter(({ length }) => length > 0),
    scan(
      ({ count, last }, more) => ({
        count: count + more.filter(({ kind }) => kind === 'out').length,
        last: [...last, ...more.slice(-MOST)].slice(-MOST),
      }),
      { count: 0, last: [] as readonly Shown[] },
    ),
  )
  .subscribe(({ count, last }) => {
    log.replaceChildren(
      ...last.map(({ kind, text }) => {
        const line = document.createElement('div');
        line.className = kind;
        line.textContent = text;
        return line;
      }),
    );
    log.scrollTop = log.scrollHeight;
    find('count').textContent = `${count.toLocaleString('en')} lines`;
  });

calculator.status$.subscribe(({ state }) => {
  showState('status', state);
  const isRunning = state === 'running' || state === 'starting';
  find<HTMLButtonElement>('start').disabled = isRunning;
  find<HTMLButtonElement>('stop').disabled = !isRunning;
});
calculator.connection$.subscribe(({ state }) => showState('connection', state));

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (input.value.trim() !== '') calculator.send.next(input.value);
  input.value = '';
});
for (const example of document.querySelectorAll<HTMLButtonElement>('[data-send]')) {
  example.addEventListener('click', () => calculator.send.next(example.dataset.send ?? ''));
}
find('start').addEventListener('click', () => calculator.start());
find('stop').addEventListener('click', () => void calculator.stop());
find('restart').addEventListener('click', () => void calculator.restart());

function showState(id: string, state: string): void {
  find(id).textContent = state;
  find(id).dataset.state = state;
}
