import { HoldfastError, type ObjectStore } from '@holdfast/core';
import { type BackupRef, loadManifest } from '../catalog/load-manifest.ts';
import { type Sealer, sealerFor } from '../encryption/age.ts';
import { type IdentityOption, Keyring } from '../encryption/keyring.ts';
import type { EncryptionOptions } from '../encryption/recipient.ts';
import { type Backup, backupOf } from '../model/backup.ts';
import { newBackupId } from '../model/backup-id.ts';
import { backupPath, GUIDE_NAME } from '../model/layout.ts';
import { type Artifact, type Manifest, recipientsOf } from '../model/manifest.ts';
import { Meter } from '../pipeline/meter.ts';
import { openStored, readStored, type ReadPlace } from '../pipeline/read-artifact.ts';
import { checkStoreSpace } from '../pipeline/space.ts';
import { putArtifact } from '../pipeline/store-artifact.ts';
import { Attempt } from '../publish/attempt.ts';
import { settle, type WorkOptions } from '../publish/create-backup.ts';
import { rewriteGuide, type WrittenDocument, writeSums } from '../publish/documents.ts';
import { isEncrypted } from '../sources/opened-file.ts';

/** How a backup is encrypted anew. */
export interface ReencryptOptions extends Pick<
  WorkOptions,
  'signal' | 'now' | 'secret' | 'startChild'
> {
  readonly backup: BackupRef;
  readonly from: ObjectStore;
  /** Where the new backup goes; it may be the same store. */
  readonly to: ObjectStore;
  /** The second store's name, for {@link Backup.store}. */
  readonly toName: string;
  /** What it is read with. */
  readonly identities: readonly IdentityOption[];
  /** Whom it is to be encrypted for from now on. */
  readonly encryption: EncryptionOptions;
  /** Called just before the manifest is written; what it throws keeps the backup from being published. */
  readonly beforePublish?: () => Promise<void>;
}

function checkEncrypted({ id, artifacts }: Manifest): void {
  if (artifacts.every(isEncrypted)) return;
  throw new HoldfastError('BACKUP_NOT_ENCRYPTED', `The backup ${id} is not encrypted.`, {
    hint: 'Only encrypted backups can be encrypted anew. Make a fresh, encrypted one of its source.',
    retryable: false,
    context: { backup: id },
  });
}

/** Decrypts an artifact and encrypts it again as it passes: what lies beneath is the same byte for byte. */
async function reseal(
  artifact: Artifact,
  from: ReadPlace,
  attempt: Attempt,
  sealer: Sealer,
): Promise<Artifact> {
  const stored = new Meter();
  const { opened } = openStored(artifact, from);
  attempt.willWrite(artifact.name);
  await putArtifact(artifact.name, sealer.seal(opened), stored, attempt);
  const { bytes: storedBytes, sha256: storedSha256 } = stored.measure();
  return { ...artifact, recipients: sealer.recipients, storedBytes, storedSha256 };
}

async function guideFor(
  manifest: Manifest,
  from: ReadPlace,
  to: { readonly id: string; readonly recipients: readonly string[] },
): Promise<WrittenDocument> {
  const document = manifest.documents.find(({ name }) => name === GUIDE_NAME);
  const chunks: Uint8Array[] = [];
  if (document !== undefined) {
    for await (const chunk of readStored(document, from)) chunks.push(chunk);
  }
  const recipients = recipientsOf(manifest);
  return rewriteGuide(Buffer.concat(chunks).toString(), { id: manifest.id, recipients }, to);
}

async function makeAnew(
  manifest: Manifest,
  options: ReencryptOptions,
  from: ReadPlace,
  attempt: Attempt,
  sealer: Sealer,
): Promise<Manifest> {
  const id = attempt.path.split('/').at(-2) ?? '';
  const artifacts: Artifact[] = [];
  for (const artifact of manifest.artifacts) {
    artifacts.push(await reseal(artifact, from, attempt, sealer));
  }
  const guide = await guideFor(manifest, from, { id, recipients: sealer.recipients });
  const sums = writeSums(artifacts, [guide]);
  for (const one of [guide, sums]) await attempt.write(one);
  const { sha256, ...fields } = manifest;
  const documents = [guide.document, sums.document];
  const reencryptedFrom = { id: manifest.id, manifestSha256: sha256 };
  return attempt.publishManifest({ ...fields, id, artifacts, documents, reencryptedFrom }, options);
}

/**
 * Encrypts an encrypted backup for other recipients: after a key has changed, or for those who are to read an
 * archive. It becomes a new backup of the same set, of the time of the same dump, whose manifest names the old one;
 * the old one is not touched. It is decrypted in memory only, and not decompressed. Verify the new backup with a new
 * identity before the old one, or its identity, is given up.
 *
 * @throws `BACKUP_NOT_ENCRYPTED`; `BACKUP_MISSING`, `MANIFEST_*`; `ARTIFACT_ALTERED`, `ARTIFACT_UNREADABLE` the old one is
 *   damaged; `IDENTITY_*`; `OPTIONS_INVALID`; what the stores throw: nothing is published then
 */
export async function reencryptBackup(options: ReencryptOptions): Promise<Backup> {
  const { signal, secret, startChild } = settle(options);
  const sealer = await sealerFor(options.encryption, secret);
  const keys = new Keyring(options.identities, secret);
  const manifest = await loadManifest(options.from, options.backup, signal);
  checkEncrypted(manifest);
  const { set } = manifest;
  const path = backupPath(set, newBackupId(Date.parse(manifest.startedAt)));
  const attempt = new Attempt({ store: options.to, path, signal, startChild, sealer });
  const old = backupPath(set, manifest.id);
  const from: ReadPlace = { store: options.from, path: old, signal: attempt.signal, keys };
  try {
    await checkStoreSpace(
      options.to,
      manifest.artifacts.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
    );
    return backupOf(await makeAnew(manifest, options, from, attempt, sealer), options.toName);
  } catch (error) {
    await attempt.abandon(error);
    throw signal.aborted ? signal.reason : error;
  }
}
