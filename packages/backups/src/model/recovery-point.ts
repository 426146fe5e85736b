import { createHash } from 'node:crypto';
import { HoldfastError } from '@holdfast/core';
import { derivedId, isBackupId } from './backup-id.ts';
import { checkName } from './names.ts';
import { backupId, fileName } from './parse-manifest.ts';
import { openSealed, seal, sealedText } from './sealed-json.ts';
import { count, list, literal, orNull, record, sha256, ShapeError, text, time } from './shape.ts';

/** A backup that belongs to a recovery point. */
export interface PointMember {
  readonly set: string;
  readonly id: string;
  /** The manifest's own hash: another manifest under the same name is no member. */
  readonly manifestSha256: string;
  readonly source: { readonly kind: string; readonly name: string };
  /** When its dump began, ISO 8601 in UTC. */
  readonly startedAt: string;
  /** When its dump had ended, ISO 8601 in UTC. */
  readonly endedAt: string;
  /** Its stage, from 1: the dumps of a stage began when all of the one before had ended. Restored in this order, too. */
  readonly order: number;
}

/**
 * Backups of several sources that belong together: dumped in one go, in an order that leaves nothing dangling, and
 * restored together. Stored after all of them, as `recovery-points/<name>/<yyyy>/<mm>/<id>.json`: a manifest of manifests.
 */
export interface RecoveryPoint {
  readonly format: typeof POINT_FORMAT;
  readonly version: typeof POINT_VERSION;
  /** Follows from its members: the same backups never make two points of a name. */
  readonly id: string;
  /** The name that the points of the same sources share. */
  readonly name: string;
  /** When the first dump began, ISO 8601 in UTC. */
  readonly startedAt: string;
  /** When the last dump had ended, ISO 8601 in UTC. */
  readonly endedAt: string;
  /** In the order in which they are restored; each of another set. */
  readonly members: readonly PointMember[];
  /** The flow run that made it; null when made outside an engine. */
  readonly runId: string | null;
  /** Hex SHA-256 over the file's text without this field. */
  readonly sha256: string;
}

const POINT_FORMAT = 'holdfast-recovery-point';
const POINT_VERSION = 1;
const FOLDER = 'recovery-points';

const POINT = {
  what: 'recovery point',
  format: POINT_FORMAT,
  version: POINT_VERSION,
  codes: {
    invalid: 'RECOVERY_POINT_INVALID',
    altered: 'RECOVERY_POINT_ALTERED',
    newer: 'RECOVERY_POINT_NEWER',
  },
};

const point = record<RecoveryPoint>({
  format: literal(POINT_FORMAT),
  version: literal(POINT_VERSION),
  id: backupId,
  name: fileName,
  startedAt: time,
  endedAt: time,
  members: list(
    record<PointMember>({
      set: fileName,
      id: backupId,
      manifestSha256: sha256,
      source: record({ kind: text, name: text }),
      startedAt: time,
      endedAt: time,
      order: count,
    }),
  ),
  runId: orNull(text),
  sha256,
});

/** Where points lie: all of them, or those of a name. Ends with a slash. */
export function pointsPrefix(name?: string): string {
  return name === undefined ? `${FOLDER}/` : `${FOLDER}/${checkName('recovery point', name)}/`;
}

/** Where a point lies, the month in UTC. */
export function pointKey({ name, id }: { readonly name: string; readonly id: string }): string {
  return `${pointsPrefix(name)}${id.slice(0, 4)}/${id.slice(4, 6)}/${id}.json`;
}

/** Whether a point lies under a key, going by the key alone. */
export function isPointKey(key: string): boolean {
  const [folder, name, year, month, file = '', ...rest] = key.split('/');
  const id = file.replace(/\.json$/, '');
  const isOne = folder === FOLDER && name !== undefined && rest.length === 0 && isBackupId(id);
  return isOne && key === `${FOLDER}/${name}/${year}/${month}/${id}.json`;
}

function idOf(startedAt: string, members: readonly PointMember[]): string {
  const lines = members.map(({ set, id, manifestSha256, order }) =>
    [order, set, id, manifestSha256].join(' '),
  );
  return derivedId(
    Date.parse(startedAt),
    createHash('sha256').update(lines.join('\n')).digest('hex'),
  );
}

/** Makes a point of backups, in their order. */
export function makePoint(
  name: string,
  members: readonly PointMember[],
  runId: string | null,
): RecoveryPoint {
  const startedAt = members.map((member) => member.startedAt).toSorted()[0] ?? '';
  const endedAt =
    members
      .map((member) => member.endedAt)
      .toSorted()
      .at(-1) ?? '';
  const id = idOf(startedAt, members);
  const fields = { format: POINT_FORMAT, version: POINT_VERSION, id, name } as const;
  return seal({ ...fields, startedAt, endedAt, members, runId });
}

/** The text of a point, as it is stored: indented JSON, its own hash as the last field. */
export function serialisePoint(sealed: RecoveryPoint): string {
  return sealedText(sealed);
}

/**
 * Reads a recovery point. It is taken whole or refused, as manifests are.
 *
 * @param key the object's key: its name and id must be those of the point
 * @throws `RECOVERY_POINT_INVALID`, `RECOVERY_POINT_ALTERED`, `RECOVERY_POINT_NEWER`
 */
export function parsePoint(content: string, key: string): RecoveryPoint {
  const opened = openSealed(POINT, content, key);
  try {
    const read = point(opened, 'recovery point');
    const { name, id, startedAt, members } = read;
    if (key !== pointKey({ name, id })) throw new ShapeError('it lies under the name of another');
    if (id !== idOf(startedAt, members)) throw new ShapeError('its id is not that of its members');
    return read;
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new HoldfastError(
      POINT.codes.invalid,
      `The recovery point ${key} is refused: ${error.message}.`,
      {
        hint: 'Use another copy. Its backups can be restored one by one.',
        retryable: false,
        context: { key },
      },
    );
  }
}
