import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

const FILE_BYTES = 48 * 1024;

/** Words in no order, more than zstd looks back at: compresses to about a quarter, as texts do. */
export function textPool(): Buffer {
  const words = Array.from({ length: 4096 }, (_, number) =>
    randomBytes(1 + (number % 6)).toString('hex'),
  );
  const pool = Buffer.alloc(24 * 1024 * 1024, ' ');
  const numbers = randomBytes(pool.length);
  let at = 0;
  for (let word = 0; at < pool.length - 16; word += 2) {
    const range = word % 3 === 0 ? 64 : words.length;
    at += 1 + pool.write(words[numbers.readUInt16LE(word) % range] ?? '', at);
  }
  return pool;
}

/** Makes a tree of text files of 48 KiB in 200 directories, `tree` below a root. */
export async function makeTree(root: string, files: number): Promise<string> {
  const path = join(root, 'tree');
  const pool = textPool();
  for (let number = 0; number < files; number++) {
    const folder = join(path, String(number % 200));
    if (number < 200) await mkdir(folder, { recursive: true });
    const at = (number * 7919 * 13) % (pool.length - FILE_BYTES);
    writeFileSync(join(folder, `${number}.txt`), pool.subarray(at, at + FILE_BYTES));
  }
  // What is measured afterwards is not to wait for what was written before.
  execFileSync('sync');
  return path;
}
