import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describeWithNats } from '../support/natsServer.js';

const root = resolve(__dirname, '../..');
const PATH = `${process.env.PATH}:/usr/games`;
const hasStockfish = !spawnSync('stockfish', ['quit'], { env: { ...process.env, PATH } }).error;

describeWithNats('examples/many-machines', () => {
  const fact = 'answers every request while one of three nodes is killed and replaced';
  const itWithStockfish = hasStockfish ? it : it.skip;

  itWithStockfish(hasStockfish ? fact : `${fact} (skipped: there is no stockfish)`, () => {
    const tsx = [resolve(root, 'node_modules/tsx/dist/cli.mjs'), '--tsconfig'];
    const example = resolve(root, 'examples/many-machines/main.ts');
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [...tsx, resolve(root, 'tsconfig.json'), example],
      { encoding: 'utf8' },
    );
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    const printed = stdout.trimEnd().split('\n');
    const answers = printed.filter((line) => line.includes(' -> '));
    const asked = answers.map((line) => Number(line.split(' ')[0]));
    expect(asked.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    expect(answers.every((line) => /^\d+ \w{4} -> [ABC]: \w{4}$/.test(line))).toBe(true);
    expect(printed[0]).toBe('Three nodes serve.');
    expect(printed).toContain('Node A is killed.');
    expect(printed.at(-1)).toBe('Node A serves again.');
  });
});
