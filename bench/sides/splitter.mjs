// The code that users of a library of chunks write to get lines.
import { StringDecoder } from 'node:string_decoder';

/** Takes chunks (of text or bytes), hands out lines. */
export function splitter(onLine) {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    write(chunk) {
      const lines = (rest + (typeof chunk === 'string' ? chunk : decoder.write(chunk))).split('\n');
      rest = lines.pop();
      for (const line of lines) onLine(line);
    },
    end() {
      if (rest !== '') onLine(rest);
    },
  };
}
