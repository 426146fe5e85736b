import { HoldfastError } from '@holdfast/core';
import type { KnownSource } from '../sources/known-sources.ts';
import {
  isServerSource,
  type ServerRestoreOptions,
  type ServerSource,
  type ServerTarget,
  type Swapped,
} from '../sources/servers/server-source.ts';
import type { Source, StoredBackup } from '../sources/source.ts';
import type { Workroom } from '../sources/workroom.ts';
import { restoreDiffers } from '../verify/damage.ts';

/** Where a backup is restored to, with the source that can do it. */
export type RestoreWay =
  | { readonly kind: 'path'; readonly source: Source; readonly to: string }
  | { readonly kind: 'server'; readonly source: ServerSource; readonly to: ServerTarget };

function targetInvalid(why: string, hint: string, kind: string): HoldfastError {
  return new HoldfastError('RESTORE_TARGET_INVALID', why, {
    hint,
    retryable: false,
    context: { kind },
  });
}

/**
 * Finds how a backup goes to a target.
 *
 * @throws `RESTORE_TARGET_INVALID` a path for a server's backup, or the other way round; a server of another kind
 */
export function restoreWay(source: KnownSource, to: string | ServerTarget): RestoreWay {
  const { kind } = source;
  if (!isServerSource(source)) {
    if (typeof to === 'string') return { kind: 'path', source, to };
    throw targetInvalid(
      `A backup of the kind '${kind}' is restored to a path, not into a server.`,
      'Give the path as `to`.',
      kind,
    );
  }
  if (typeof to !== 'string' && to.kind === kind) return { kind: 'server', source, to };
  const given = typeof to === 'string' ? 'a path' : `a server of the kind '${to.kind}'`;
  throw targetInvalid(
    `A backup of the kind '${kind}' cannot be restored to ${given}.`,
    `Give a server of the kind '${kind}' as \`to\`, with the database's name.`,
    kind,
  );
}

/**
 * Restores into a database beside the target, compares it, and swaps it into its place by renaming.
 *
 * @throws `RESTORE_TARGET_NOT_EMPTY`, `RESTORE_FAILED`, `RESTORE_DIFFERS`
 */
export async function restoreToServer(
  way: Extract<RestoreWay, { readonly kind: 'server' }>,
  backup: StoredBackup,
  options: ServerRestoreOptions,
  room: Workroom,
): Promise<Swapped> {
  const place = await way.source.openTarget(backup, way.to, options, room);
  try {
    await place.restore();
    const { differences } = await place.compare();
    if (differences.length > 0) throw restoreDiffers(backup.manifest.id, differences);
    room.signal.throwIfAborted();
    return await place.swap();
  } finally {
    await place.close();
  }
}
