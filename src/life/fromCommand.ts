import { ignoreElements, Observable } from 'rxjs';
import { parseCommand, type Command } from '../contract/command.js';
import type { WithCodec } from '../framing/codec.js';
import type { LineInput } from '../framing/lines.js';
import { checkArguments, checkOptions, type Checks } from '../contract/options.js';
import { LIFE_CHECKS, lifeWith, type LifeOptions } from './lifeOf.js';

/** Options of {@link fromCommand}. */
export type FromCommandOptions<Out = string, In = LineInput> = Omit<LifeOptions<Out, In>, 'output'>;

const { output, ...checks } = LIFE_CHECKS;

/** The checks of {@link FromCommandOptions}. */
export const FROM_COMMAND_CHECKS = checks satisfies Checks<FromCommandOptions>;

/** Runs a program whose codec determines the types of output and input. */
export function fromCommand<Out, In = LineInput>(
  command: Command,
  options: FromCommandOptions<Out, In> & WithCodec<Out, In>,
): Observable<Out>;
/**
 * Runs a program once per subscription and emits what it writes, in the manner of `fromFetch`.
 * Completes on success, errors otherwise, in both cases after everything the program wrote.
 * Unsubscribing stops the program and its descendants, from SIGTERM on. Each subscriber has a program of
 * its own.
 *
 * @example
 * ```ts
 * query$.pipe(switchMap((query) => fromCommand(['rg', query], { successExits: [0, 1] })))
 *   .subscribe((match) => console.log(match));
 * ```
 *
 * @param command - the program and its arguments, as a string split at white space, or as a list.
 * @param options - see {@link FromCommandOptions}.
 * @returns values; errors as {@link lifeOf} does.
 * @throws TypeError, RangeError for a wrong command or option.
 * @see {@link through}, with which the source is the input
 */
export function fromCommand<Out extends string = string, In extends LineInput = LineInput>(
  command: Command,
  options?: FromCommandOptions<Out, In>,
): Observable<Out>;
export function fromCommand<Out, In>(
  command: Command,
  options: FromCommandOptions<Out, In> = {},
): Observable<Out> {
  checkArguments('fromCommand', arguments, 2);
  checkOptions('fromCommand', options, FROM_COMMAND_CHECKS);
  return outputOf(command, options);
}

/** The output of a program whose options are checked. @throws TypeError if the command is none. */
export function outputOf<Out, In>(
  command: Command,
  options: FromCommandOptions<Out, In>,
): Observable<Out> {
  parseCommand(command); // Now, not at the subscription.
  return new Observable((subscriber) =>
    lifeWith(command, { ...options, output: { next: (value) => subscriber.next(value) } })
      .pipe(ignoreElements())
      .subscribe(subscriber),
  );
}
