import { expectTypeOf } from './expectTypeOf.js';

declare const text: string;
declare const anything: any;
declare const optional: { readonly a?: 1 };

expectTypeOf(text).is<string>();
expectTypeOf(anything).is<any>();
expectTypeOf(optional).is<{ readonly a?: 1 }>();

// @ts-expect-error -- that is wider
expectTypeOf(text).is<string | number>();
// @ts-expect-error -- that is narrower
expectTypeOf(text).is<'a'>();
// @ts-expect-error -- any is not a string
expectTypeOf(anything).is<string>();
// @ts-expect-error -- a string is not any
expectTypeOf(text).is<any>();
// @ts-expect-error -- not read-only
expectTypeOf(optional).is<{ a?: 1 }>();
// @ts-expect-error -- not optional
expectTypeOf(optional).is<{ readonly a: 1 | undefined }>();
