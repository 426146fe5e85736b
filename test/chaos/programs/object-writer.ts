// Writes objects without end, until it is killed; prints each key once its write is acknowledged, one a line.
// Arguments: the URL of the store, references of its credentials in JSON, the most bytes of an object.
import { secret } from '@holdfast/core';
import { openObjectStore } from '@holdfast/storage';

const [url = '', named = '{}', most = '1'] = process.argv.slice(2);
const references = Object.entries(JSON.parse(named) as Record<string, string>);
const credentials = Object.fromEntries(
  references.map(([name, reference]) => [name, secret(reference)]),
);
const CHUNK = 100_000;

/** So many bytes, the first of which tell how many there are. */
async function* body(bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; at += CHUNK) {
    const chunk = Buffer.alloc(Math.min(CHUNK, bytes - at), 'x');
    if (at === 0) chunk.write(`${bytes}\n`);
    yield chunk;
  }
}

const store = await openObjectStore(url, { credentials });
for (let turn = 0; ; turn++) {
  const bytes = 20 + ((turn * 7919 * 131 + process.pid * 65_537) % Number(most));
  const key = `set/${turn % 3}/${process.pid}-${turn}`;
  await store.put(key, body(bytes), { ifAbsent: turn % 2 === 0 });
  process.stdout.write(`${key}\n`);
  if (turn % 4 === 3) await store.put('set/same', body(bytes));
}
