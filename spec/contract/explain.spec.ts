import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explainingPart } from '../../src/contract/explain.js';
import { cleanUp, temporaryFolder } from '../support/programs.js';

describe('explainingPart', () => {
  afterEach(cleanUp);

  /** The stderr of a program before it fails; `undefined` without the program. */
  function stderrOf(file: string, ...args: string[]): string | undefined {
    const { stderr, error } = spawnSync(file, args, { encoding: 'utf8', cwd: temporaryFolder() });
    return error ? undefined : stderr;
  }

  function compiled(compiler: string, name: string, source: string): string | undefined {
    const folder = temporaryFolder();
    writeFileSync(join(folder, name), source);
    const { status } = spawnSync(compiler, [join(folder, name), '-o', join(folder, 'program')]);
    return status === 0 ? stderrOf(join(folder, 'program')) : undefined;
  }

  function javaOf(source: string): string | undefined {
    const file = join(temporaryFolder(), 'Main.java');
    writeFileSync(file, source);
    return stderrOf('java', file);
  }

  const MESSAGE = 'database password missing';
  const programs: [string, () => string | undefined, string[]][] = [
    [
      'Node, an error',
      () => stderrOf('node', '-e', `function f() { throw new Error('${MESSAGE}') } f()`),
      [`Error: ${MESSAGE}`],
    ],
    [
      'Node, an error with properties',
      () => stderrOf('node', '-e', "require('fs').readFileSync('/no/such/file')"),
      ["Error: ENOENT: no such file or directory, open '/no/such/file'"],
    ],
    [
      'Node, an error with a cause',
      () =>
        stderrOf(
          'node',
          '-e',
          `try { require('fs').readFileSync('/none') } catch (cause) { throw new Error('${MESSAGE}', { cause }) }`,
        ),
      [`Error: ${MESSAGE}`, "ENOENT: no such file or directory, open '/none'"],
    ],
    [
      'Node, a message of two lines',
      () => stderrOf('node', '-e', `throw new Error('${MESSAGE}\\nset PGPASSWORD')`),
      [`Error: ${MESSAGE}`, 'set PGPASSWORD'],
    ],
    [
      'Python',
      () => stderrOf('python3', '-c', `def f(): raise ValueError('${MESSAGE}')\nf()`),
      [`ValueError: ${MESSAGE}`],
    ],
    [
      'Java',
      () =>
        javaOf(`public class Main {
          static void f() { throw new IllegalStateException("${MESSAGE}"); }
          public static void main(String[] args) { f(); }
        }`),
      [`java.lang.IllegalStateException: ${MESSAGE}`],
    ],
    [
      'Java, an exception with a cause',
      () =>
        javaOf(`public class Main {
          static void f() { throw new IllegalStateException("${MESSAGE}"); }
          public static void main(String[] args) {
            try { f(); } catch (Exception e) { throw new RuntimeException("no pool", e); }
          }
        }`),
      [
        'java.lang.RuntimeException: no pool',
        `Caused by: java.lang.IllegalStateException: ${MESSAGE}`,
      ],
    ],
    [
      'C, an assertion',
      () => compiled('cc', 'a.c', `#include <assert.h>\nint main(void) { assert(!"${MESSAGE}"); }`),
      [MESSAGE],
    ],
    [
      'C++, an exception',
      () =>
        compiled(
          'c++',
          'a.cc',
          `#include <stdexcept>\nint main() { throw std::runtime_error("${MESSAGE}"); }`,
        ),
      ['std::runtime_error', MESSAGE],
    ],
  ];

  it.each(programs)('quotes the message of a program in %s', (name, stderr, expected) => {
    const written = stderr();
    if (written === undefined) {
      console.warn(`The program for "${name}" is missing: skipped`);
      return;
    }
    const quoted = explainingPart(written);
    for (const part of expected) expect(quoted).toContain(part);
    expect(quoted).not.toMatch(/^\s+at /m);
    expect(quoted.split('\n').length).toBeLessThanOrEqual(5);
  });

  it('quotes the last lines where there is no stack trace', () => {
    expect(explainingPart('1\n2\n3\n4\n\n6\n7\n\n')).toBe('2\n3\n4\n6\n7');
    expect(explainingPart('bind: address already in use\r\n')).toBe('bind: address already in use');
  });

  it('quotes what follows a stack trace, too', () => {
    expect(explainingPart('1\nError: a\n    at f\n    at g\nb\nc\n')).toBe('1\nError: a\nb\nc');
  });

  it('is empty where nothing was said', () => {
    expect(explainingPart('')).toBe('');
    expect(explainingPart(' \n\n')).toBe('');
    expect(explainingPart('    at f\n    at g')).toBe('');
  });

  it('has at most 1,000 characters', () => {
    expect(explainingPart(`${'x'.repeat(5_000)}y`)).toBe(`${'x'.repeat(999)}y`);
    expect(explainingPart(`${'x'.repeat(5_000)}\n`.repeat(10)).length).toBeLessThan(1_010);
  });
});
