// Reads the history of the repository it is run in, all of it from one git.
import { EMPTY, expand, lastValueFrom, map, of, take } from 'rxjs';
import { createWorker, exchange, type Codec } from 'simple-ipc';

interface GitObject {
  readonly name: string;
  readonly type: string;
  readonly body: Buffer;
}

/** A line `<name> <type> <size>`, then that many bytes and LF; or only a line `<name> missing`. */
const gitObjects: Codec<GitObject, string> = {
  encode: (name) => `${name}\n`,
  decoder(next) {
    let waiting = Buffer.alloc(0);
    /** Takes an object, if all of it is there. */
    const takeOne = () => {
      const lineEnd = waiting.indexOf('\n');
      if (lineEnd === -1) return false;
      const [name = '', type = '', size] = waiting.toString('utf8', 0, lineEnd).split(' ');
      const end = lineEnd + 1 + Number(size ?? 0);
      const following = size ? end + 1 : end;
      if (waiting.length < following) return false;
      next({ name, type, body: waiting.subarray(lineEnd + 1, end) });
      waiting = waiting.subarray(following);
      return true;
    };
    return {
      write(chunk) {
        waiting = Buffer.concat([waiting, chunk]); // Chunks begin and end anywhere.
        while (takeOne());
      },
      end() {
        if (waiting.length > 0) throw new Error('git stopped in the middle of an object');
      },
    };
  },
};

const git = createWorker('git cat-file --batch', { codec: gitObjects });

/** Objects come in the order in which they are asked for: any number may be under way, in turn. */
const read = (name: string) => of(name).pipe(exchange(git, { reply: take(1) }));
const readCommit = (name: string) =>
  read(name).pipe(map((object) => ({ name: object.name, text: object.body.toString() })));

const history$ = readCommit('HEAD').pipe(
  expand(({ text }) => {
    const parent = /^tree \w+\nparent (\w+)/.exec(text)?.[1];
    return parent ? readCommit(parent) : EMPTY;
  }),
  take(10),
);
await history$.forEach(({ name, text }) => {
  console.log(name.slice(0, 7), /\n\n(.*)/.exec(text)?.[1]); // The first line of the message.
});
const missing = await lastValueFrom(read('HEAD:no/such/file'));
console.log('no/such/file is', missing.type);
await git.stop();
