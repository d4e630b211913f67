import type { Observable } from 'rxjs';
import * as v from 'valibot';
import { z } from 'zod';
import {
  bytes,
  contentLength,
  createWorker,
  delimited,
  fromCommand,
  jsonLines,
  lines,
  type Codec,
  type Decoder,
  type DecoderLimits,
  type LineInput,
  type ReactiveWorker,
} from 'simple-ipc';
import { expectTypeOf } from './expectTypeOf.js';

interface Request {
  readonly method: string;
}
interface Reply {
  readonly result: string;
}

expectTypeOf(lines()).is<Codec<string, LineInput>>();
expectTypeOf(lines({ lineBreaks: 'allow' })).is<Codec<string, LineInput>>();
expectTypeOf(jsonLines()).is<Codec<unknown, unknown>>();
expectTypeOf(jsonLines<Reply, Request>()).is<Codec<Reply, Request>>();
expectTypeOf(jsonLines<Reply>()).is<Codec<Reply, unknown>>();
expectTypeOf(contentLength()).is<Codec<unknown, unknown>>();
expectTypeOf(contentLength<Reply, Request>()).is<Codec<Reply, Request>>();
expectTypeOf(delimited('\0')).is<Codec<string, string>>();
expectTypeOf(bytes()).is<Codec<Uint8Array, Uint8Array | string>>();
jsonLines({
  onInvalid(error, line) {
    expectTypeOf(error).is<Error>();
    expectTypeOf(line).is<string>();
  },
});

// One's own, as an object …
const dates: Codec<Date, Date> = {
  decoder(next, limits) {
    expectTypeOf(next).is<(value: Date) => void>();
    expectTypeOf(limits).is<DecoderLimits>();
    return { write: (chunk) => next(new Date(chunk.length)), end: () => undefined };
  },
  encode: (date) => date.toISOString(),
};
expectTypeOf(createWorker('x', { codec: dates })).is<ReactiveWorker<Date, Date>>();
expectTypeOf(fromCommand('x', { codec: dates })).is<Observable<Date>>();

// … in place, …
const inPlace$ = fromCommand('x', {
  codec: {
    decoder: (next: (length: number) => void) => ({
      write: ({ length }) => next(length),
      end: () => undefined,
    }),
    encode: (value: boolean) => String(value),
  },
  input: [true, false],
});
expectTypeOf(inPlace$).is<Observable<number>>();

// … or as a class.
class Lengths implements Codec<number, Uint8Array> {
  decoder(next: (length: number) => void): Decoder {
    return { write: ({ length }) => next(length), end: () => undefined };
  }
  encode(value: Uint8Array): Uint8Array {
    return value;
  }
}
expectTypeOf(createWorker('x', { codec: new Lengths() })).is<ReactiveWorker<number, Uint8Array>>();

// One that takes more or gives less will do.
const narrower: Codec<unknown, string> = lines();
expectTypeOf(narrower).is<Codec<unknown, string>>();

// @ts-expect-error -- one that takes less will not
const takesLess: Codec<string, unknown> = lines();
expectTypeOf(takesLess).is<Codec<string, unknown>>();
// @ts-expect-error -- nor one that gives something else
const givesElse: Codec<number, string> = lines();
expectTypeOf(givesElse).is<Codec<number, string>>();
// @ts-expect-error -- a codec has both directions
createWorker('x', { codec: { encode: String } });
// @ts-expect-error -- a codec is made by a call
createWorker('x', { codec: lines });
// @ts-expect-error -- not a choice
lines({ lineBreaks: 'split' });
// @ts-expect-error -- no separator
delimited();
// @ts-expect-error -- a separator is text
delimited(0);
// @ts-expect-error -- what is encoded is text or bytes
const toNumbers: Codec<string, string> = { ...lines(), encode: Number };
expectTypeOf(toNumbers).is<Codec<string, string>>();

// A schema says what comes out; what goes in is said beside it, or by the place where the codec goes.
const zodReply = z.object({ id: z.number(), text: z.string().default('') });
const valibotReply = v.object({ id: v.number(), text: v.optional(v.string(), '') });
interface Checked {
  id: number;
  text: string;
}
expectTypeOf(jsonLines({ schema: zodReply })).is<Codec<Checked, unknown>>();
expectTypeOf(contentLength({ schema: valibotReply })).is<Codec<Checked, unknown>>();
expectTypeOf(jsonLines<Checked, Request>({ schema: zodReply })).is<Codec<Checked, Request>>();
const placed: Codec<Checked, Request> = jsonLines({ schema: valibotReply });
expectTypeOf(placed).is<Codec<Checked, Request>>();
expectTypeOf(createWorker('x', { codec: jsonLines({ schema: zodReply }) }).output$).is<
  Observable<Checked>
>();
// @ts-expect-error -- the schema has no such output
jsonLines<Reply>({ schema: zodReply });
// @ts-expect-error -- not a schema
jsonLines({ schema: (value: unknown) => value });
