import { HoldfastError } from '@holdfast/core';

const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u;
/** The longest name, in bytes of UTF-8: leaves room for the suffixes of artifacts. */
const LONGEST = 100;

/**
 * Checks the name of a source or a backup set. It becomes part of object keys, of file names and of the
 * commands in RESTORE.md: letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`, at most 100 bytes.
 *
 * @returns the name
 * @throws `BACKUP_NAME_INVALID`
 */
export function checkName(
  what: 'source' | 'backup set' | 'topic' | 'recovery point',
  name: string,
): string {
  const good =
    NAME.test(name) && name === name.normalize('NFC') && Buffer.byteLength(name) <= LONGEST;
  if (good) return name;
  throw new HoldfastError(
    'BACKUP_NAME_INVALID',
    `${JSON.stringify(name)} cannot be the name of a ${what}.`,
    {
      hint: `Use letters, digits, '_', '.' and '-', beginning with a letter or digit, at most ${LONGEST} bytes.`,
      retryable: false,
      context: { name },
    },
  );
}
