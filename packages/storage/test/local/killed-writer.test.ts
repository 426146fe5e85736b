import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as moment } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { localObjectStore } from '../../src/local/index.ts';
import { all, emptyDirectory, unfinishedIn } from './places.ts';

const PROGRAM = fileURLToPath(new URL('writer-child.ts', import.meta.url));
const KILLS = 10;

/** Lets a writer acknowledge some objects, kills it at a random moment; answers what it acknowledged. */
async function writeAndDie(directory: string): Promise<string[]> {
  const args = ['--conditions=@holdfast/source', PROGRAM, directory];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const acknowledged: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => acknowledged.push(line));
  const ended = once(lines, 'close');
  await Promise.race([once(lines, 'line'), exit]);
  await moment(Math.random() * 30);
  child.kill('SIGKILL');
  expect(await exit).toEqual([null, 'SIGKILL']);
  await ended;
  return acknowledged;
}

describe('a writer killed at any moment', () => {
  it(`leaves whole objects only, and all it had acknowledged (${KILLS} kills)`, async () => {
    const directory = await emptyDirectory();
    const acknowledged: string[] = [];
    let unfinished = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      acknowledged.push(...(await writeAndDie(directory)));
      unfinished += (await unfinishedIn(directory)).length;
    }
    const store = localObjectStore(directory);
    const objects = await all(store.list('set/'));
    for (const { key, bytes } of objects) {
      if (key !== 'set/same') expect(`${key}: ${bytes}`).toBe(`${key}: ${key.split('.').at(-1)}`);
      const kept = Buffer.concat(await all(store.get(key)));
      expect(kept.equals(Buffer.alloc(bytes, 'x')), key).toBe(true);
    }
    const keys = objects.map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining(acknowledged));
    expect(acknowledged.length).toBeGreaterThanOrEqual(KILLS);
    // Each writer swept what the one before had left; the last one's is swept here.
    expect(unfinished).toBeLessThanOrEqual(KILLS);
    await store.put('after', Buffer.from('x'));
    expect(await unfinishedIn(directory)).toEqual([]);
  }, 60_000);
});
