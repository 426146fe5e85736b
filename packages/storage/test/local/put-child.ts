/**
 * Writes one object, or deletes it, and tells how it went, as one line of JSON. Arguments: directory, key, bytes, and
 * 'if-absent', 'delete' or nothing.
 */
import { isHoldfastError, objectStoreProblem } from '@holdfast/core';
import { localObjectStore } from '../../src/local/index.ts';

const [directory = '', key = '', bytes = '0', mode] = process.argv.slice(2);
const store = localObjectStore(directory);

async function put(): Promise<object> {
  try {
    if (mode === 'delete') {
      await store.delete(key);
      return { deleted: key };
    }
    return await store.put(key, Buffer.alloc(Number(bytes), 'x'), {
      ifAbsent: mode === 'if-absent',
    });
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { problem: objectStoreProblem(error), message: error.message };
  }
}

const outcome = JSON.stringify(await put());
process.stdout.write(`${outcome}\n`);
