import * as errors from '../../src/contract/errors.js';
import { fromErrorData, toErrorData } from '../../src/contract/errorData.js';
import { Redactor } from '../../src/host/redact.js';
import { Reviver } from '../../src/remote/revive.js';

type PlainClass = typeof errors.UnhealthyError;

/** They have more than a command and a reason, and specs of their own. */
const others = ['SimpleIpcError', 'SpawnError', 'ExitError', 'RestartLimitError', 'StopError'];
const plain = Object.entries(errors).filter(
  ([name]) => name.endsWith('Error') && !others.includes(name),
) as [string, PlainClass][];

describe('an error that travels', () => {
  const error = (Class: PlainClass) => new Class(['/secret/engine'], 'of secrets');

  it.each(plain)('is a %s at the other end of the bridge', (_, Class) => {
    const revived = new Reviver('engine').error(new Redactor(false).error(error(Class)));
    expect(revived).toBeInstanceOf(Class);
    expect(revived.message).not.toContain('secret');
  });

  it.each(plain)('is a %s at the other end of the broker', (_, Class) => {
    const revived = fromErrorData('engine', toErrorData(error(Class)));
    expect(revived).toBeInstanceOf(Class);
    expect(revived.message).not.toContain('secret');
  });
});
