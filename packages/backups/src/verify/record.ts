import type { ObjectStore } from '@holdfast/core';
import { newBackupId } from '../model/backup-id.ts';
import { backupPath, VERIFICATIONS_NAME } from '../model/layout.ts';
import {
  sealVerification,
  serialiseVerification,
  type Verification,
  VERIFICATION_FORMAT,
  VERIFICATION_VERSION,
  type VerificationLevel,
  type VerificationProblem,
} from '../model/verification.ts';
import { TOOL_NAME } from '../package-version.ts';
import type { Examination } from './examination.ts';

/** What a record is made of. */
export interface RecordFacts {
  readonly backup: { readonly set: string; readonly id: string; readonly sha256: string };
  readonly store: ObjectStore;
  readonly level: VerificationLevel;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly examination: Pick<Examination, 'reached' | 'compared'> &
    Partial<Pick<Examination, 'dumpedAt' | 'restoreMs' | 'identities' | 'sample'>>;
  readonly problem: VerificationProblem | null;
}

/** What a recovery from this backup would cost: time, and the newest data. */
function recovery(
  { restoreMs, dumpedAt }: RecordFacts['examination'],
  endedAt: number,
): Pick<Verification, 'restoreMs' | 'dataAgeMs'> {
  if (restoreMs === undefined || dumpedAt === undefined) return {};
  return { restoreMs, dataAgeMs: Math.max(0, endedAt - Date.parse(dumpedAt)) };
}

/** Writes a verification record beside its backup, under a name of its own. */
export async function keepRecord(facts: RecordFacts): Promise<Verification> {
  const { backup, store, examination, startedAt, endedAt, problem } = facts;
  const { identities = [], sample } = examination;
  const id = newBackupId(endedAt);
  const record = sealVerification({
    format: VERIFICATION_FORMAT,
    version: VERIFICATION_VERSION,
    id,
    backup: backup.id,
    manifestSha256: backup.sha256,
    store: store.url,
    level: facts.level,
    outcome: problem === null ? 'passed' : 'failed',
    reached: examination.reached,
    startedAt: new Date(startedAt).toISOString(),
    endedAt: new Date(endedAt).toISOString(),
    durationMs: Math.max(0, endedAt - startedAt),
    ...recovery(examination, endedAt),
    compared: examination.compared,
    ...(sample === undefined ? {} : { sample }),
    ...(identities.length === 0 ? {} : { identities }),
    problem,
    tool: TOOL_NAME,
  });
  const key = `${backupPath(backup.set, backup.id)}${VERIFICATIONS_NAME}/${id}.json`;
  await store.put(key, Buffer.from(serialiseVerification(record)), {
    ifAbsent: store.properties.ifAbsent !== false,
  });
  return record;
}
