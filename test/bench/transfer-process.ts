// Writes an object and reads it again, and tells how much memory that took: one line of JSON, in bytes.
// Arguments: the URL of the store, how many bytes, and credentials as names of environment variables, in JSON.
import { memoryUsage, resourceUsage } from 'node:process';

const idle = memoryUsage.rss();
const [url = '', bytes = '0', named = '{}'] = process.argv.slice(2);
const { secret } = await import('@holdfast/core');
const { openObjectStore } = await import('@holdfast/storage');
const references = Object.entries(JSON.parse(named) as Record<string, string>);
const credentials = Object.fromEntries(
  references.map(([name, reference]) => [name, secret(reference)]),
);

async function* body(): AsyncGenerator<Uint8Array> {
  const size = 64 * 1024;
  for (let left = Number(bytes); left > 0; left -= size)
    yield Buffer.alloc(Math.min(left, size), 1);
}

const store = await openObjectStore(url, { credentials });
await store.put('memory', body());
let read = 0;
for await (const chunk of store.get('memory')) read += chunk.byteLength;
await store.delete('memory');
await store.close();
if (read !== Number(bytes)) throw new Error(`${read} bytes were read of ${bytes}`);
console.log(JSON.stringify({ growth: resourceUsage().maxRSS * 1024 - idle }));
