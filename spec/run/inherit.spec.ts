import { lastValueFrom, toArray } from 'rxjs';
import { fromCommand, inherit, SAFE_ENV } from 'simple-ipc';
import { onWindows } from '../support/onWindows.js';
import { cleanUp } from '../support/programs.js';

/** The environment that a program gets. */
const envOf = async (env: Record<string, string>) => {
  const lines$ = fromCommand(['/usr/bin/env', '-0'], { env }).pipe(toArray());
  const text = (await lastValueFrom(lines$)).join('\n');
  return Object.fromEntries(
    text
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
};

describe('inherit', () => {
  const before = { ...process.env };
  beforeEach(() => {
    Object.assign(process.env, { SECRET_OF_THE_HOST: 'hush', EMPTY: '', TWO_LINES: 'a=b\nc' });
  });
  afterEach(async () => {
    for (const name of Object.keys(process.env))
      if (!(name in before)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before);
    await cleanUp();
  });

  it('gives a program what is named and nothing else', async () => {
    expect(await envOf(inherit('PATH', 'EMPTY', 'TWO_LINES'))).toEqual({
      PATH: process.env.PATH,
      EMPTY: '',
      TWO_LINES: 'a=b\nc',
    });
    expect(await envOf(inherit())).toEqual({});
  });

  it('gives a variable as it is at the call', () => {
    const env = inherit('EMPTY');
    process.env.EMPTY = 'full';
    expect([env, inherit('EMPTY')]).toEqual([{ EMPTY: '' }, { EMPTY: 'full' }]);
  });

  it('leaves out what the host does not have', () => {
    expect(inherit('NOBODY_HAS_THIS', 'EMPTY', 'toString', '__proto__')).toEqual({ EMPTY: '' });
  });

  it('with SAFE_ENV, leaves out every secret', async () => {
    process.env.HOME = '/home/me';
    const env = await envOf({ ...inherit(...SAFE_ENV), TOKEN: 'mine' });
    expect(env).toMatchObject({ HOME: '/home/me', PATH: process.env.PATH, TOKEN: 'mine' });
    const allowed = ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER', 'TOKEN'];
    expect(Object.keys(env).filter((name) => !allowed.includes(name))).toEqual([]);
  });

  it('has another SAFE_ENV on Windows', () => {
    const names = onWindows(
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- Loaded anew, as on Windows.
      () => (require('../../src/run/inherit.js') as { SAFE_ENV: readonly string[] }).SAFE_ENV,
    );
    expect(names).toEqual(expect.arrayContaining(['APPDATA', 'PATH', 'SYSTEMROOT', 'TEMP']));
    expect(names).not.toContain('HOME');
  });

  it.each([
    ['names[1] must be a string, not number', 'PATH', 5],
    ['names[0] must be a string, not object', ['PATH']],
    ['names[0] is no name of a variable: ""', ''],
    ['names[0] is no name of a variable: "A=b"', 'A=b'],
    [String.raw`names[0] is no name of a variable: "A\u0000"`, 'A\0'],
  ])('throws a TypeError at the call: %s', (message, ...names: any[]) => {
    expect(() => inherit(...names)).toThrow(TypeError);
    expect(() => inherit(...names)).toThrow(message);
  });
});
