import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localObjectStore } from '@holdfast/storage/local';
import type { Figure } from './harness.ts';
import { alikeMemory, bodyOfFile, GB, makeFile, run, transferFigure } from './transfers.ts';

const COPY = 'cp "$0" "$1" && sync "$1"';

/** 1 GB to and from an object store on the local disk, against `cp` and fsync. */
export async function localFigures(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    const [source, copy] = [join(directory, 'source'), join(directory, 'copy')];
    await makeFile(source, GB);
    const store = localObjectStore(join(directory, 'store'));
    const other = localObjectStore(join(directory, 'other'));
    const object = join(directory, 'store/dump');
    const forget = async (): Promise<void> => {
      await rm(copy, { force: true });
      await other.delete('dump');
      await alikeMemory(directory);
    };
    const up = await transferFigure({
      name: 'local: 1 GB to a store',
      ours: () => store.put('dump', bodyOfFile(source)),
      baseline: () => run('sh', ['-c', COPY, source, copy]),
      before: async () => {
        await store.delete('dump');
        await forget();
      },
      least: 0.9,
      of: 'cp + fsync',
    });
    const down = await transferFigure({
      name: 'local: 1 GB from a store, to another',
      ours: () => other.put('dump', store.get('dump', { lent: true })),
      baseline: () => run('sh', ['-c', COPY, object, copy]),
      before: forget,
      least: 0.9,
      of: 'cp + fsync',
    });
    return [up, down];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
