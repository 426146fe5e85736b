import { randomBytes } from 'node:crypto';
import { isHoldfastError, type ObjectStore } from '@holdfast/core';
import { type IdentityOption, Keyring } from '../encryption/keyring.ts';
import { type BackupRef, loadManifest } from '../catalog/load-manifest.ts';
import type { Manifest } from '../model/manifest.ts';
import { checkSample, type Sample, type SampleOption } from '../model/sample.ts';
import type { Verification, VerificationLevel } from '../model/verification.ts';
import { settle, type WorkOptions } from '../publish/create-backup.ts';
import { Children } from '../sources/child.ts';
import { sourceOfKind } from '../sources/known-sources.ts';
import type { ServerTarget } from '../sources/servers/server-source.ts';
import { withScratch } from '../sources/workroom.ts';
import { isDamage, verifyFailed } from './damage.ts';
import { Examination } from './examination.ts';
import { keepRecord } from './record.ts';
import type { RestoreCheck } from './scratch-copy.ts';

/** How a backup is verified. */
export interface VerifyOptions extends WorkOptions {
  readonly backup: BackupRef;
  /** The store that is read, and that the record is kept in. */
  readonly store: ObjectStore;
  /** How far to go. Default 'restored'. */
  readonly level?: VerificationLevel;
  /**
   * For sources on servers: the server that scratch copies are made on, each in a database of its own name,
   * dropped afterwards. Default, and for sources of another kind: a server of its own is started in the scratch
   * directory.
   */
  readonly scratchServer?: ServerTarget;
  /**
   * Compares a sample of a big set: a share of the members of a tree, which alone are restored, or of the tables of a
   * PostgreSQL or MySQL server's databases. Its record says so, and the catalog with it. The rest is read to its end all
   * the same. Kinds that have no parts compare everything. Default: everything is restored and compared.
   */
  readonly sample?: SampleOption;
  /** A question of one's own to the restored copy. Asked at the level 'restored' alone. */
  readonly check?: RestoreCheck;
  /** What an encrypted backup is read with; from the level `readable` on it is needed. */
  readonly identities?: readonly IdentityOption[];
}

/** Another sample each time, so that many verifications together see everything. */
function settledSample({ share, seed = randomBytes(8).toString('hex') }: SampleOption): Sample {
  return { share, seed };
}

async function examine(options: VerifyOptions, examination: Examination): Promise<Manifest> {
  const { scratchRoot, signal, startChild, secret, now } = settle(options);
  const { level = 'restored', store, scratchServer, check, sample } = options;
  const asked = { scratchServer, check, sample: sample && settledSample(sample) };
  const manifest = await loadManifest(store, options.backup, signal);
  const source = sourceOfKind(manifest.source.kind, options.sources);
  const children = new Children(startChild);
  await withScratch(scratchRoot, async (scratch) => {
    const room = { scratch, signal, startChild: children.start, secret };
    try {
      await examination.run({ ...asked, manifest, source, store, level, room, now });
    } finally {
      await children.end();
    }
  });
  return manifest;
}

/**
 * Verifies a backup from its store, and keeps a record of it there, also of a failure. At the level
 * `restored` it is restored into a scratch place (a directory, or databases of a scratch server) and compared
 * with what the source held at the moment of the dump. The scratch is removed in every case.
 *
 * @throws `VERIFY_FAILED` the backup is not what it should be: names the object, table or file, what was
 *   expected and what was found; not retryable
 * @throws `OPTIONS_INVALID` the sample has no share above 0 and below 1
 * @throws `IDENTITY_MISSING`, `IDENTITY_UNFIT`, `IDENTITY_INVALID` it is encrypted, and cannot be read with what was given
 * @throws anything else says nothing of the backup (the store cannot be reached, a tool is missing, the
 *   scratch is full, the signal aborted), and leaves no record
 */
export async function verifyBackup(options: VerifyOptions): Promise<Verification> {
  const { now, signal, secret } = settle(options);
  const { backup, store, level = 'restored' } = options;
  if (options.sample !== undefined) checkSample(options.sample);
  const startedAt = now();
  const examination = new Examination(new Keyring(options.identities ?? [], secret));
  const facts = { store, level, startedAt, examination };
  try {
    const manifest = await examine(options, examination);
    return await keepRecord({ ...facts, backup: manifest, endedAt: now(), problem: null });
  } catch (error) {
    if (signal.aborted || !isHoldfastError(error) || !isDamage(error)) throw error;
    const failure = verifyFailed(backup, level, error);
    const problem = { code: error.code, message: error.message };
    const sha256 = backup.manifestSha256 ?? examination.manifestSha256;
    if (sha256 !== undefined) {
      const about = { set: backup.set, id: backup.id, sha256 };
      // The verdict stands, whether or not the store takes a record of it.
      await keepRecord({ ...facts, backup: about, endedAt: now(), problem }).catch(() => undefined);
    }
    throw failure;
  }
}
