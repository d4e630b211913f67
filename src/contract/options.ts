import { object, type Check } from './check.js';

/**
 * The checks of one kind of options: the list of all that exist. Written as
 * `{ … } satisfies Checks<XOptions>`, it has exactly the names of the interface.
 */
export type Checks<Options> = Readonly<Record<keyof Options, Check>>;

/**
 * Checks the options of a call: each that is given by its own check, and that there are no others.
 *
 * @param call - the name of the function, with which messages begin: `createPool: unknown option supervisor`.
 * @throws TypeError, RangeError that names the option and, for an unknown one, the nearest known.
 */
export function checkOptions(
  call: string,
  options: unknown,
  checks: Readonly<Record<string, Check>>,
): void {
  if (options === undefined) return;
  object(`${call}: options`, options);
  checkFields(`${call}: `, options as object, checks);
}

/** An option that holds options of its own. */
export function fields(checks: Readonly<Record<string, Check>>): Check {
  return (name, value) => {
    object(name, value);
    checkFields(`${name}.`, value as object, checks);
  };
}

/** Checks that a call has no more arguments than it takes. @throws TypeError with both numbers. */
export function checkArguments(call: string, given: ArrayLike<unknown>, most: number): void {
  if (given.length <= most) return;
  const count = ['no arguments', 'one argument', 'two arguments', 'three arguments'][most];
  throw new TypeError(`${call}: takes ${count ?? most}, not ${given.length}`);
}

function checkFields(
  prefix: string,
  options: object,
  checks: Readonly<Record<string, Check>>,
): void {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(checks, name))
      throw new TypeError(unknown(prefix, name, Object.keys(checks)));
  }
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) checks[name]?.(`${prefix}${name}`, value);
  }
}

/** Names that other libraries have for an option. */
const MEANT: Readonly<Record<string, string>> = {
  restart: 'supervise',
  retries: 'maxRestarts',
  encoding: 'codec',
};

function unknown(prefix: string, name: string, known: readonly string[]): string {
  const meant = MEANT[name];
  const nearest = meant !== undefined && known.includes(meant) ? meant : nearestTo(name, known);
  const advice = nearest ? `did you mean ${nearest}?` : `there are ${known.join(', ')}`;
  // "createPool: stop." is about "createPool: unknown option stop.…".
  return `${`${prefix}${name}`.replace(': ', ': unknown option ')}; ${advice}`;
}

/** How alike two names must be for one to be meant by the other, 1 if they are the same. */
const ALIKE = 0.75;

function nearestTo(name: string, known: readonly string[]): string | undefined {
  const [nearest] = known
    .map((candidate) => ({
      candidate,
      likeness: likeness(name.toLowerCase(), candidate.toLowerCase()),
    }))
    .filter(({ likeness }) => likeness >= ALIKE)
    .sort((one, other) => other.likeness - one.likeness);
  return nearest?.candidate;
}

/** The share of letters in common, in their order; names with the same beginning are a little more alike. */
function likeness(one: string, other: string): number {
  const share = (2 * lettersShared(one, other)) / (one.length + other.length);
  return one.slice(0, 3) === other.slice(0, 3) ? share + 0.05 : share;
}

/** The length of the longest common subsequence. */
function lettersShared(one: string, other: string): number {
  let row = Array.from(other, () => 0);
  for (const letter of one) {
    let left = 0;
    row = row.map((above, i) => {
      const diagonal = row[i - 1] ?? 0;
      return (left = other[i] === letter ? diagonal + 1 : Math.max(above, left));
    });
  }
  return row.at(-1) ?? 0;
}
