import { describe, expect, it } from 'vitest';
import { memoryObjectStore } from '@holdfast/core';
import { startChild } from '@holdfast/core/process';
import type { CommandEnd, DumpCommand } from '@holdfast/backups';
import { storeArtifact } from '../src/pipeline/store-artifact.ts';
import { readArtifact } from '../src/pipeline/read-artifact.ts';
import { keysOf } from './support/rooms.ts';

const { signal } = new AbortController();

function store(command: DumpCommand, into = memoryObjectStore(), aborted = signal) {
  const place = { store: into, path: 'p/', signal: aborted, giveUp: () => undefined, startChild };
  return storeArtifact({ plainName: 'x', layers: ['zstd'], command }, place);
}

function shell(script: string): DumpCommand {
  return { program: 'sh', args: ['-c', script] };
}

describe('a stream that a program prints', () => {
  it('becomes an artifact, whole, and its end is told', async () => {
    const into = memoryObjectStore();
    const ends: CommandEnd[] = [];
    const command = shell('seq 1 400000; echo careful >&2; exit 3');
    const told = {
      ...command,
      allowedExitCodes: [3],
      onEnd: (end: CommandEnd) => void ends.push(end),
    };
    const artifact = await store(told, into);
    const chunks: Uint8Array[] = [];
    for await (const chunk of readArtifact(artifact, { store: into, path: 'p/', signal })) {
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString();
    expect(text.split('\n')).toHaveLength(400_001);
    expect(artifact.plainBytes).toBe(text.length);
    expect(ends).toEqual([{ exit: { code: 3, signal: null }, stderr: 'careful\n' }]);
  });

  it.each(['seq 1 400000; exit 7', 'seq 1 400000; kill -9 $$', 'exit 1'])(
    'is not stored when the program fails: %s',
    async (script) => {
      const into = memoryObjectStore();
      let told = false;
      const command = { ...shell(script), onEnd: () => void (told = true) };
      await expect(store(command, into)).rejects.toMatchObject({ code: 'TOOL_FAILED' });
      expect(await keysOf(into)).toEqual([]);
      expect(told).toBe(false);
    },
  );

  it('is not stored when its owner finds fault with its end', async () => {
    const into = memoryObjectStore();
    const fault = new Error('it warned of something grave');
    const command = { ...shell('seq 1 9'), onEnd: () => Promise.reject(fault) };
    await expect(store(command, into)).rejects.toBe(fault);
    expect(await keysOf(into)).toEqual([]);
  });

  it('is ended, with all that it started, when the work is given up', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const into = memoryObjectStore();
    const storing = store(shell('yes & yes'), into, abort.signal);
    setImmediate(() => abort.abort(reason));
    await expect(storing).rejects.toBe(reason);
    expect(await keysOf(into)).toEqual([]);
  });
});
