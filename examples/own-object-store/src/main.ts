import { isHoldfastError } from '@holdfast/core';
import { TableStore } from './table-store.ts';

// Writes notes into a database, each under a key that is free, and lists them: `main.ts <database> <key> <text> …`.
const [database = 'notes.db', ...notes] = process.argv.slice(2);
const store = new TableStore(database);

try {
  for (let at = 0; at < notes.length; at += 2) {
    await store.put(notes[at] ?? '', Buffer.from(notes[at + 1] ?? ''), { ifAbsent: true });
  }
  for await (const { key, bytes } of store.list('')) console.log(`${key}: ${bytes} bytes`);
} catch (error) {
  console.error(isHoldfastError(error) ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
} finally {
  await store.close();
}
