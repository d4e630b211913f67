import type { OperatorFunction } from 'rxjs';
import { parseCommand, type Command } from '../contract/command.js';
import type { WithCodec } from '../framing/codec.js';
import type { LineInput } from '../framing/lines.js';
import { checkArguments, checkOptions, type Checks } from '../contract/options.js';
import { FROM_COMMAND_CHECKS, outputOf, type FromCommandOptions } from './fromCommand.js';

/** Options of {@link through}. */
export type ThroughOptions<Out = string, In = LineInput> = Omit<
  FromCommandOptions<Out, In>,
  'input'
>;

const { input, ...checks } = FROM_COMMAND_CHECKS;

const THROUGH_CHECKS = checks satisfies Checks<ThroughOptions>;

/** Sends a stream through a program whose codec determines the types of output and input. */
export function through<Out, In = LineInput>(
  command: Command,
  options: ThroughOptions<Out, In> & WithCodec<Out, In>,
): OperatorFunction<In, Out>;
/**
 * Sends a stream through a program: values go to its stdin, what it writes comes out. The source's
 * completion is end-of-file; its error ends the program and the stream. The program's failure ends
 * the stream; its success completes it, even if it read only a part (`head -n 1`). Unsubscribing ends
 * both. Each subscription has a program of its own.
 *
 * An Observable cannot be slowed down: what the program does not read in time waits, up to
 * `maxPendingBytes`; beyond that the stream errors with `InputOverflowError`.
 *
 * @example
 * ```ts
 * from(['b', 'a']).pipe(through('sort')).subscribe((line) => console.log(line)); // a, b
 * ```
 *
 * @param command - the program and its arguments, as a string split at white space, or as a list.
 * @param options - see {@link ThroughOptions}.
 * @returns an operator; errors as {@link fromCommand} does.
 * @throws TypeError, RangeError for a wrong command or option.
 * @see {@link exchange}, which asks a worker that goes on
 */
export function through<Out extends string = string, In extends LineInput = LineInput>(
  command: Command,
  options?: ThroughOptions<Out, In>,
): OperatorFunction<In, Out>;
export function through<Out, In>(
  command: Command,
  options: ThroughOptions<Out, In> = {},
): OperatorFunction<In, Out> {
  checkArguments('through', arguments, 2);
  checkOptions('through', options, THROUGH_CHECKS);
  parseCommand(command); // Now, not at the subscription.
  return (source$) => outputOf(command, { ...options, input: source$ });
}
