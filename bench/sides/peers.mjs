/** The peers that read lines, by file. Each file here but the control's and ours has the same `open`. */
export const peers = {
  byHand: 'by hand: raw + split',
  readlineEvent: "readline, 'line' event",
  readlineIterable: 'readline, iterated',
  split2: 'split2',
  execaData: "execa, 'data' event + split",
  execaIterable: 'execa, iterated',
  tinyexec: 'tinyexec, iterated',
  spawnRx: 'spawn-rx + split',
  rxjsShell: 'rxjs-shell + split',
  pythonShell: 'python-shell',
};
