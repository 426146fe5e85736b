/**
 * Writes objects without end, until it is killed: run with the directory as its argument. Tells each
 * key when its write is acknowledged, one a line.
 */
import { localObjectStore } from '../../src/local/index.ts';

const store = localObjectStore(process.argv[2]!);
const chunk = Buffer.alloc(48 * 1024, 'x');

async function* body(bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= chunk.byteLength) {
    yield chunk.subarray(0, Math.min(left, chunk.byteLength));
  }
}

for (let turn = 0; ; turn++) {
  // The size is in the key, so that any reader can tell whether an object is whole.
  const bytes = 1 + ((turn * 7919 * 131) % 3_000_000);
  const key = `set/${turn % 3}/${process.pid}-${turn}.${bytes}`;
  await store.put(key, body(bytes), { ifAbsent: turn % 2 === 0 });
  process.stdout.write(`${key}\n`);
  if (turn % 4 === 3) await store.put('set/same', body(bytes));
}
