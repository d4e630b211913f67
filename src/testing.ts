/// <reference types="node" preserve="true" />
export { advance } from './testing/advance.js';
export {
  fakeProgram,
  type FakeProgram,
  type FakeProgramOptions,
  type Refusal,
} from './testing/fakeProgram.js';
export type { LadderSignal, StopSignal } from './process/Program.js';
export type { FakeBehaviour, FakeRun, StopRequest } from './testing/FakeRun.js';
