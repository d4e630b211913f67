// Has a chess engine play both sides of a mate in three. Needs Stockfish (Debian: apt install stockfish).
import { expand, last, lastValueFrom, map, of, takeWhile } from 'rxjs';
import { createWorker, exchange, lines, restartOnExit } from 'simple-ipc';

const position = 'r5rk/5p1p/5R2/4B3/8/8/7P/7K w - - 0 1';

// UCI, the protocol of chess engines, is lines of words. An engine is silent until it is greeted, and
// is ready when it has answered; only then is the worker `running`, after each restart too.
const engine = createWorker('stockfish', {
  codec: lines({ lineBreaks: 'allow' }), // A request is two lines here, which belong together.
  env: { ...process.env, PATH: `${process.env.PATH}:/usr/games` }, // Where Debian keeps it.
  ready(output$, write) {
    write('uci\nsetoption name Threads value 1\nisready');
    return output$.pipe(
      takeWhile((line) => line !== 'readyok', true),
      last(),
    );
  },
  supervise: restartOnExit({ maxRestarts: 3 }),
});

engine.status$.subscribe(({ state }) => console.log(`[${state}]`));

/** Finds a move; `(none)` if there is none. The reply is all lines up to the one with the best move. */
const bestMove = exchange(engine, {
  reply: (output$) =>
    output$.pipe(
      takeWhile((line) => !line.startsWith('bestmove'), true),
      last(),
      map((line) => line.split(' ')[1] ?? ''),
    ),
  timeoutMs: 30_000,
  idempotent: true, // If the engine crashes while it thinks, the next run is asked again.
});

const play = (moves: readonly string[]) =>
  of(`position fen ${position} moves ${moves.join(' ')}\ngo depth 10`).pipe(
    bestMove,
    map((move) => [...moves, move]),
  );

const game$ = play([]).pipe(
  expand(play), // Each position leads to the next …
  takeWhile((moves) => moves.at(-1) !== '(none)'), // … until it is mate.
);

console.log((await lastValueFrom(game$)).join(' '));
engine.send.next('quit');
