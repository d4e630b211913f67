import {
  FramingError,
  InputClosedError,
  InputOverflowError,
  LineBreakError,
  NotRunningError,
  ReplyTimeoutError,
  RequestLostError,
  StartTimeoutError,
  UnhealthyError,
} from './errors.js';

/** The errors that are a command and a reason alone, by the names under which they travel between machines. */
export const plainErrors = {
  FramingError,
  InputClosedError,
  InputOverflowError,
  LineBreakError,
  NotRunningError,
  ReplyTimeoutError,
  RequestLostError,
  StartTimeoutError,
  UnhealthyError,
} as const;

/** The name of a plain error. */
export type PlainName = keyof typeof plainErrors;

/** Whether it is the name of a plain error; other names may come from elsewhere. */
export function isPlain(name: string): name is PlainName {
  return Object.hasOwn(plainErrors, name);
}
