import { HoldfastError, isHoldfastError, type ObjectStore } from '@holdfast/core';
import type { Keyring } from '../encryption/keyring.ts';
import { backupPath } from '../model/layout.ts';
import type { Artifact, Manifest } from '../model/manifest.ts';
import type { Sample, SampleTaken } from '../model/sample.ts';
import { type Compared, reaches, type VerificationLevel } from '../model/verification.ts';
import {
  checkReadable,
  checkSizes,
  checkStored,
  readArtifact,
  type ReadPlace,
  storedFile,
} from '../pipeline/read-artifact.ts';
import { ZstdProgram } from '../pipeline/zstd-program.ts';
import { checkScratchSpace } from '../pipeline/space.ts';
import type { KnownSource } from '../sources/known-sources.ts';
import type { ServerTarget } from '../sources/servers/server-source.ts';
import type { StoredBackup } from '../sources/source.ts';
import type { Workroom } from '../sources/workroom.ts';
import { restoreDiffers } from './damage.ts';
import { openScratchCopy, type RestoreCheck, type RestoredCopy } from './scratch-copy.ts';

/** What is examined. */
export interface Subject {
  readonly manifest: Manifest;
  readonly source: KnownSource;
  readonly store: ObjectStore;
  readonly level: VerificationLevel;
  readonly room: Workroom;
  readonly scratchServer: ServerTarget | undefined;
  readonly check: RestoreCheck | undefined;
  /** Undefined: everything is compared. */
  readonly sample: Sample | undefined;
  readonly now: () => number;
}

/** Goes through the levels, and remembers how far it came. */
export class Examination {
  /** The highest level that held. */
  reached: VerificationLevel | null = null;
  manifestSha256: string | undefined;
  /** When the dump began, and how long its restore took. */
  dumpedAt: string | undefined;
  restoreMs: number | undefined;
  /** What was compared, where it was not all. */
  sample: SampleTaken | undefined;
  readonly #counts = { objects: 0, storedBytes: 0, plainBytes: 0 };
  readonly #keys: Keyring;
  #found: { tables?: number; rows?: number; members?: number } = {};

  constructor(keys: Keyring) {
    this.#keys = keys;
  }

  /** Whose identities have decrypted the whole of it, their public sides. Empty below the level `readable`. */
  get identities(): readonly string[] {
    const wasRead = this.reached !== null && reaches(this.reached, 'readable');
    return wasRead ? this.#keys.used : [];
  }

  get compared(): Compared {
    return { ...this.#counts, ...this.#found };
  }

  /** @throws the damage that was found, or what kept it from looking */
  async run(subject: Subject): Promise<void> {
    const { manifest, store, level, room } = subject;
    this.manifestSha256 = manifest.sha256;
    this.dumpedAt = manifest.startedAt;
    const place = {
      store,
      path: backupPath(manifest.set, manifest.id),
      signal: room.signal,
      counts: this.#counts,
      keys: this.#keys,
      zstd: new ZstdProgram(room),
    };
    const stored = manifest.artifacts.map(storedFile);
    await checkSizes([...manifest.documents, ...stored], place);
    this.reached = 'stored';
    if (level === 'stored') return;
    for (const document of manifest.documents) await checkStored(document, place);
    if (level === 'checksum') {
      for (const file of stored) await checkStored(file, place);
      this.reached = 'checksum';
    } else await this.#read(subject, place);
  }

  async #read(subject: Subject, place: ReadPlace): Promise<void> {
    const { manifest, level } = subject;
    const done = new Set<Artifact>();
    const { sample } = subject;
    const backup: StoredBackup = {
      manifest,
      ...(sample === undefined ? {} : { sample }),
      read: (artifact) => marked(readArtifact(artifact, place), () => done.add(artifact)),
    };
    try {
      if (reaches(level, 'restored')) await this.#restore(subject, backup, done, place);
      else await this.#readRest(backup, done, place);
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'ARTIFACT_UNREADABLE') {
        this.reached = 'checksum';
      }
      throw error;
    }
  }

  /** Reads what was not read yet: a restore reads most artifacts itself, and each is read once where it can be. */
  async #readRest(
    backup: StoredBackup,
    done: ReadonlySet<Artifact>,
    place: ReadPlace,
  ): Promise<void> {
    for (const artifact of backup.manifest.artifacts) {
      if (!done.has(artifact)) await checkReadable(artifact, place);
    }
    this.reached = 'readable';
  }

  async #restore(
    subject: Subject,
    backup: StoredBackup,
    done: ReadonlySet<Artifact>,
    place: ReadPlace,
  ): Promise<void> {
    const { manifest, source, room, scratchServer, check, now } = subject;
    const on = scratchServer?.kind === source.kind ? scratchServer : undefined;
    if (on === undefined) await checkScratchSpace(room.scratch, plainBytes(manifest));
    const startedAt = now();
    const copy = await openScratchCopy(source, backup, on, room);
    try {
      await copy.restore();
      await this.#readRest(backup, done, place);
      const { differences, sampled, ...found } = await copy.compare();
      this.#found = found;
      const { sample } = subject;
      if (sampled !== undefined && sample !== undefined) this.sample = { ...sample, ...sampled };
      if (differences.length > 0) throw restoreDiffers(manifest.id, differences);
      this.restoreMs = Math.max(0, now() - startedAt);
      if (check !== undefined) await askCheck(check, copy.restored);
      this.reached = 'restored';
    } finally {
      await copy.close();
    }
  }
}

/** @throws `RESTORE_CHECK_FAILED`, or what has nothing to do with the copy */
async function askCheck(check: RestoreCheck, copy: RestoredCopy): Promise<void> {
  const { set, id } = copy.manifest;
  let verdict: boolean | void;
  let cause: unknown;
  try {
    verdict = await check(copy);
  } catch (error) {
    if (copy.signal.aborted) throw error;
    if (isHoldfastError(error) && error.code === 'CHECK_UNFIT') throw error;
    [verdict, cause] = [false, error];
  }
  if (verdict !== false) return;
  const why = cause instanceof Error ? cause.message : 'it gave false';
  throw new HoldfastError('RESTORE_CHECK_FAILED', `The check of ${set} refuses ${id}: ${why}.`, {
    hint: 'The backup restores to what its source held, and the check does not accept that.',
    retryable: false,
    ...(cause === undefined ? {} : { cause }),
    context: { set, backup: id },
  });
}

/** What a restore may take, in bytes: the artifacts as the source gave them. */
function plainBytes(manifest: Manifest): number {
  return manifest.artifacts.reduce((sum, artifact) => sum + artifact.plainBytes, 0);
}

async function* marked(
  bytes: AsyncIterable<Uint8Array>,
  onEnd: () => void,
): AsyncGenerator<Uint8Array, void, void> {
  yield* bytes;
  onEnd();
}
