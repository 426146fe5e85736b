import { statfs } from 'node:fs/promises';
import { HoldfastError, type ObjectStore } from '@holdfast/core';

/** No ordinary data compresses better than this: a dump that would not fit even so is not begun. */
const BEST_RATIO = 20;

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/**
 * Looks whether a dump can fit into its store, before it is begun. It refuses only what cannot fit even
 * if it shrank to a twentieth: a backup that might have fitted is worth trying, since a full store
 * publishes nothing.
 *
 * @param plainBytes the size of the dump before compression, as far as known
 * @returns a warning when it fits only if it compresses well
 * @throws `STORE_TOO_SMALL`
 */
export async function checkStoreSpace(
  store: ObjectStore,
  plainBytes: number,
): Promise<string | undefined> {
  const free = await store.freeBytes?.();
  if (free === undefined || free >= plainBytes) return undefined;
  if (free * BEST_RATIO >= plainBytes) {
    return `The store has ${mib(free)} free for ${mib(plainBytes)} before compression.`;
  }
  throw new HoldfastError(
    'STORE_TOO_SMALL',
    `The store ${store.url} has ${mib(free)} free; the dump has ${mib(plainBytes)} before compression.`,
    {
      hint: 'Make room in the store or choose a larger one; nothing was written.',
      retryable: false,
      context: { free, plainBytes },
    },
  );
}

/**
 * Looks whether a scratch directory has room.
 *
 * @throws `SCRATCH_TOO_SMALL`
 */
export async function checkScratchSpace(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new HoldfastError(
    'SCRATCH_TOO_SMALL',
    `The scratch directory ${directory} has ${mib(free)} free; ${mib(bytes)} are needed.`,
    {
      hint: 'Make room there, or name another scratch directory.',
      retryable: false,
      context: { directory, free, bytes },
    },
  );
}
