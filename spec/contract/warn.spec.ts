import { warn } from '../../src/contract/warn.js';

describe('warn', () => {
  afterEach(() => jest.restoreAllMocks());

  it('emits a process warning in Node', () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockReturnValue();
    warn('something');
    expect(emitWarning.mock.calls).toEqual([['something', 'SimpleIpcWarning']]);
  });

  it.each([undefined, { env: {} }])('writes to the console where process is %j', (replacement) => {
    const write = jest.spyOn(console, 'warn').mockReturnValue();
    const { process } = globalThis;
    Object.assign(globalThis, { process: replacement });
    warn('something');
    Object.assign(globalThis, { process });
    expect(write.mock.calls).toEqual([['SimpleIpcWarning: something']]);
  });
});
