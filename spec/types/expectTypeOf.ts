/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters -- this is how types are compared */

/** Whether two types are the same, `any`, optional and read-only properties included. */
export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Assertions about a type; a wrong one is a compiler error. */
export interface TypeOf<Actual> {
  /** It is exactly that type. */
  is<Expected>(...isNot: Equal<Actual, Expected> extends true ? [] : [Actual, Expected]): void;
}

/** Asserts the type of a value. Nothing runs: `npm run typecheck` is the test. */
export declare function expectTypeOf<const Actual>(value: Actual): TypeOf<Actual>;
