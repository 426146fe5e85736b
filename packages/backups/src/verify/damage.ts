import { HoldfastError } from '@holdfast/core';
import type { VerificationLevel } from '../model/verification.ts';
import type { Difference } from '../sources/source.ts';

/** Codes that speak of the backup itself. Every other error speaks of the circumstances. */
const DAMAGE: ReadonlySet<string> = new Set([
  'ARCHIVE_HOSTILE',
  'ARTIFACT_ALTERED',
  'ARTIFACT_UNREADABLE',
  'BACKUP_MISSING',
  'DUMP_CORRUPT_SOURCE',
  'MANIFEST_ALTERED',
  'MANIFEST_INVALID',
  'OBJECT_MISSING',
  'RESTORE_CHECK_FAILED',
  'RESTORE_DIFFERS',
  'RESTORE_FAILED',
  'SOURCE_INVALID',
  'TAR_INVALID',
]);

/** Whether an error proves that a backup is damaged. */
export function isDamage(error: HoldfastError): boolean {
  return DAMAGE.has(error.code);
}

/** The error for a restored copy that is not what the source was. */
export function restoreDiffers(id: string, differences: readonly Difference[]): HoldfastError {
  const [first] = differences;
  const what = first === undefined ? '' : describe(first);
  const more = differences.length > 1 ? ` (and ${differences.length - 1} more)` : '';
  return new HoldfastError(
    'RESTORE_DIFFERS',
    `The backup ${id} restores to something else: ${what}${more}.`,
    {
      hint: 'The dump did not hold what the source held. Make a fresh backup, and keep the earlier ones.',
      retryable: false,
      context: { backup: id, differences: differences.map((difference) => ({ ...difference })) },
    },
  );
}

function describe({ what, expected, found }: Difference): string {
  return `${what}: expected ${expected}, found ${found}`;
}

/** The error of a verification, which carries the damage as its cause. */
export function verifyFailed(
  backup: { readonly set: string; readonly id: string },
  level: VerificationLevel,
  damage: HoldfastError,
): HoldfastError {
  return new HoldfastError(
    'VERIFY_FAILED',
    `The backup ${backup.id} of ${backup.set} is not ${level}: ${damage.message}`,
    {
      hint: 'Do not rely on this copy. Make a fresh backup, and verify the other copies.',
      retryable: false,
      cause: damage,
      context: {
        ...damage.context,
        set: backup.set,
        backup: backup.id,
        level,
        problem: damage.code,
      },
    },
  );
}
