// Draws docs/public/restart.svg: node picture.mjs
import { writeFileSync } from 'node:fs';

const ROW = 22;
const LEFT = 20;
const TOP = 56;
/** When a line appears, in seconds; its colour; its text. */
const LINES = [
  [0.3, 'plain', '$ node app.mjs'],
  [0.8, 'good', 'running    pid 4711'],
  [1.4, 'plain', '? 6 * 7'],
  [1.7, 'answer', '  42'],
  [3.2, 'bad', '           kill -9 4711, from another terminal'],
  [3.5, 'bad', 'exited     SIGKILL'],
  [3.7, 'wait', 'backoff    restart in 83 ms'],
  [4.4, 'plain', '? 6 * 9    (waits for the next run)'],
  [5.1, 'good', 'running    pid 4715'],
  [5.5, 'answer', '  54'],
];
const height = TOP + LINES.length * ROW;

const lines = LINES.map(
  ([at, colour, text], index) =>
    `<text class="${colour}" style="animation-delay:${at}s" x="${LEFT}" y="${TOP + index * ROW}">${text}</text>`,
);
writeFileSync(
  new URL('../docs/public/restart.svg', import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 560 ${height}" role="img">
<title>A program is killed; its worker restarts it and answers the next request</title>
<style>
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre; animation: appear 0.2s both; }
@keyframes appear { from { opacity: 0; } }
@media (prefers-reduced-motion: reduce) { text { animation: none; } }
.plain { fill: #d0d7de; } .good { fill: #56d364; } .bad { fill: #ff7b72; } .wait { fill: #e3b341; } .answer { fill: #79c0ff; }
</style>
<rect width="560" height="${height}" rx="10" fill="#161b22"/>
<circle cx="22" cy="20" r="6" fill="#ff5f56"/><circle cx="42" cy="20" r="6" fill="#ffbd2e"/><circle cx="62" cy="20" r="6" fill="#27c93f"/>
${lines.join('\n')}
</svg>
`,
);
