import * as v from 'valibot';
import { z } from 'zod';
import {
  contentLength,
  createWorker,
  FramingError,
  jsonLines,
  SchemaError,
  type Codec,
  type JsonOptions,
  type StandardSchema,
} from 'simple-ipc';
import { decode } from '../support/chunks.js';
import { cleanUp, first, node, record, until, use } from '../support/programs.js';

interface Move {
  readonly from: string;
  readonly to: string;
  readonly score: number;
}

const zodMove = z.object({ from: z.string(), to: z.string(), score: z.coerce.number().default(0) });
const valibotMove = v.object({
  from: v.string(),
  to: v.string(),
  score: v.optional(v.pipe(v.unknown(), v.transform(Number)), 0),
});

/** Each codec, and how a program writes a text so that it can be read. */
const codecs: [
  string,
  (options: JsonOptions<any>) => Codec<unknown, unknown>,
  (text: string) => string,
][] = [
  ['jsonLines', jsonLines, (text) => `${text}\n`],
  [
    'contentLength',
    contentLength,
    (text) => `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  ],
];
const schemas: [string, StandardSchema<Move>][] = [
  ['zod', zodMove],
  ['valibot', valibotMove],
];
const all = codecs.flatMap(([codec, make, frame]) =>
  schemas.map(([library, schema]) => ({ codec, make, frame, library, schema })),
);

const good = '{"from":"e2","to":"e4"}';
const scored = '{"from":"e7","to":"e5","score":"3","more":1}';
const bad = '{"from":"e2","to":5}';

describe.each(all)('$codec({ schema }) with $library', ({ make, frame, schema }) => {
  it('emits what the schema makes of a value: defaults, transformations, no more keys', () => {
    expect(decode(make({ schema }), [frame(good), frame(scored)])).toEqual([
      { from: 'e2', to: 'e4', score: 0 },
      { from: 'e7', to: 'e5', score: 3 },
    ]);
  });

  it('refuses a value that does not fit, with its place, after those before it', () => {
    const received: unknown[] = [];
    let error: unknown;
    try {
      decode(make({ schema }), [frame(good), frame(bad), frame(good)], Infinity, received);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(SchemaError);
    expect(error).toMatchObject({
      name: 'SchemaError',
      message: expect.stringMatching(/^does not fit the schema: to: Invalid/),
      issues: [{ message: expect.any(String) }],
      value: { from: 'e2', to: 5 },
    });
    expect(received).toHaveLength(1);
  });

  it('gives what it refuses to onInvalid, and goes on', () => {
    const refused: [string, string][] = [];
    const onInvalid = (error: Error, text: string) => void refused.push([error.name, text]);
    const texts = [bad, good, 'no JSON', 'null'].map(frame);
    expect(decode(make({ schema, onInvalid }), texts)).toEqual([
      { from: 'e2', to: 'e4', score: 0 },
    ]);
    expect(refused).toEqual([
      ['SchemaError', bad],
      ['SyntaxError', 'no JSON'],
      ['SchemaError', 'null'],
    ]);
  });
});

describe.each(codecs)('%s({ schema })', (_name, make, frame) => {
  const refusedBy = (schema: StandardSchema) => () => decode(make({ schema }), [frame('1')]);

  it('names the first three reasons and counts the others', () => {
    const schema = z.object({ a: z.string(), b: z.string(), c: z.string(), d: z.string() });
    const read = () => decode(make({ schema: z.array(schema) }), [frame('[{}]')]);
    expect(read).toThrow(/^does not fit the schema: 0\.a: .*; 0\.b: .*; 0\.c: .*; and 1 more$/);
    expect(refusedBy(z.string())).toThrow(/^does not fit the schema: Invalid input/);
  });

  it.each([
    ['zod', z.number().refine(() => Promise.resolve(false))],
    [
      'valibot',
      v.pipeAsync(
        v.number(),
        v.checkAsync(() => Promise.reject(new Error('late'))),
      ),
    ],
  ])('refuses an asynchronous schema of %s, whatever onInvalid says', (library, schema) => {
    const onInvalid = jest.fn();
    const read = () => decode(make({ schema, onInvalid }), [frame('1')]);
    expect(read).toThrow(TypeError);
    expect(read).toThrow(`the schema (${library}) is asynchronous`);
    expect(onInvalid).not.toHaveBeenCalled();
  });

  it('does not give to onInvalid what a validator throws', () => {
    const onInvalid = jest.fn();
    const validate = () => {
      throw new Error('a bug');
    };
    const broken = { '~standard': { version: 1, vendor: 'mine', validate } } as const;
    expect(() => decode(make({ schema: broken, onInvalid }), [frame('1')])).toThrow('a bug');
    expect(onInvalid).not.toHaveBeenCalled();
  });

  it.each([[null], ['text'], [{}], [{ '~standard': { version: 2, validate: Number } }], [() => 1]])(
    'throws a TypeError at the call for a schema that is none: %p',
    (schema) => {
      expect(() => make({ schema } as never)).toThrow(TypeError);
      expect(() => make({ schema } as never)).toThrow('schema must have the Standard Schema');
    },
  );

  it('takes a schema that is a function, as those of ArkType are', () => {
    const standard = { version: 1, vendor: 'mine', validate: () => ({ value: 42 }) } as const;
    const schema = Object.assign(() => 1, { '~standard': standard });
    expect(decode(make({ schema }), [frame('"anything"')])).toEqual([42]);
  });
});

describe('a worker with a checked codec', () => {
  afterEach(cleanUp);

  const program = node(`console.log('${good}'); console.log('${bad}'); process.stdin.resume()`);

  it('fails with a FramingError that says where and why', async () => {
    const worker = use(createWorker(program, { codec: jsonLines({ schema: zodMove }) }));
    const { output } = record(worker);
    const { error } = await until(worker, 'failed');
    expect(error).toBeInstanceOf(FramingError);
    expect(error.message).toContain('wrote what cannot be read: does not fit the schema: to: ');
    expect(error.cause).toBeInstanceOf(SchemaError);
    expect(output).toEqual([{ from: 'e2', to: 'e4', score: 0 }]);
  });

  it('fails with a FramingError for an asynchronous schema, and nothing goes unhandled', async () => {
    const schema = z.object({}).refine(() => Promise.resolve(true));
    const worker = use(createWorker(program, { codec: jsonLines({ schema }) }));
    const { error } = await until(worker, 'failed');
    expect(error).toBeInstanceOf(FramingError);
    expect(error.message).toContain('the schema (zod) is asynchronous');
  });

  it('goes on with onInvalid', async () => {
    const refused: string[] = [];
    const onInvalid = (_error: Error, line: string) => void refused.push(line);
    const codec = jsonLines({ schema: valibotMove, onInvalid });
    const worker = use(
      createWorker(node(`console.log('${bad}'); console.log('${good}'); process.stdin.resume()`), {
        codec,
      }),
    );
    const move = await first(worker.output$);
    const { from, score }: { from: string; score: number } = move;
    expect([from, score, refused]).toEqual(['e2', 0, [bad]]);
  });
});
