import { warn } from '../../src/contract/warn.js';

describe('warn', () => {
  afterEach(() => jest.restoreAllMocks());

  it('emits a process warning in Node', () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockReturnValue();
    warn('something');
    expect(emitWarning.mock.calls).toEqual([['something', 'SimpleIpcWarning']]);
  });

  it('writes to the console where there is no process', () => {
    const write = jest.spyOn(console, 'warn').mockReturnValue();
    const { process } = globalThis;
    Object.assign(globalThis, { process: undefined });
    warn('something');
    Object.assign(globalThis, { process });
    expect(write.mock.calls).toEqual([['SimpleIpcWarning: something']]);
  });
});
