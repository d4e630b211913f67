/** The work was done, but not right. */
export class WrongResult extends Error {}

/** Each of these must be what was expected. @throws WrongResult */
export function check(actual, expected) {
  for (const [what, value] of Object.entries(expected)) {
    if (actual[what] === value) continue;
    throw new WrongResult(`wrong: ${format(actual[what])} ${what} instead of ${format(value)}`);
  }
}

function format(value) {
  return typeof value === 'number' ? value.toLocaleString('en') : String(value);
}
