import { join } from 'node:path';
import { HoldfastError, type ObjectStore } from '@holdfast/core';
import { backupPath } from '../model/layout.ts';
import type { Artifact, Manifest } from '../model/manifest.ts';
import { type Compared, reaches, type VerificationLevel } from '../model/verification.ts';
import {
  checkStored,
  readArtifact,
  type ReadPlace,
  storedFile,
  type StoredFile,
} from '../pipeline/read-artifact.ts';
import { checkScratchSpace } from '../pipeline/space.ts';
import type { Source, StoredBackup } from '../sources/source.ts';
import type { Workroom } from '../sources/workroom.ts';
import { restoreDiffers } from './damage.ts';

/** What is examined. */
export interface Subject {
  readonly manifest: Manifest;
  readonly source: Source;
  readonly store: ObjectStore;
  readonly level: VerificationLevel;
  readonly room: Workroom;
}

/** Goes through the levels, and remembers how far it came. */
export class Examination {
  /** The highest level that held. */
  reached: VerificationLevel | null = null;
  manifestSha256: string | undefined;
  readonly #counts = { objects: 0, storedBytes: 0, plainBytes: 0 };
  #found: { tables?: number; rows?: number; members?: number } = {};

  get compared(): Compared {
    return { ...this.#counts, ...this.#found };
  }

  /** @throws the damage that was found, or what kept it from looking */
  async run(subject: Subject): Promise<void> {
    const { manifest, store, level, room } = subject;
    this.manifestSha256 = manifest.sha256;
    const place = {
      store,
      path: backupPath(manifest.set, manifest.id),
      signal: room.signal,
      counts: this.#counts,
    };
    const stored = manifest.artifacts.map(storedFile);
    await this.#checkSizes([...manifest.documents, ...stored], place);
    if (level === 'stored') return;
    for (const document of manifest.documents) await checkStored(document, place);
    if (level === 'checksum') {
      for (const file of stored) await checkStored(file, place);
      this.reached = 'checksum';
    } else await this.#read(subject, place);
  }

  async #checkSizes(files: readonly StoredFile[], place: ReadPlace): Promise<void> {
    for (const { name, bytes } of files) {
      const key = place.path + name;
      const info = await place.store.head(key, { signal: place.signal });
      if (info?.bytes === bytes) continue;
      const found = info === undefined ? 'nothing' : `${info.bytes} bytes`;
      throw new HoldfastError(
        info === undefined ? 'OBJECT_MISSING' : 'ARTIFACT_ALTERED',
        `The object ${name} should have ${bytes} bytes; the store has ${found}.`,
        {
          retryable: false,
          context: { artifact: name, expected: bytes, found: info?.bytes ?? null },
        },
      );
    }
    this.reached = 'stored';
  }

  /** Reads every artifact once where it can: a restore reads most of them itself. */
  async #read(subject: Subject, place: ReadPlace): Promise<void> {
    const { manifest, level, room, source } = subject;
    const done = new Set<Artifact>();
    const backup: StoredBackup = {
      manifest,
      read: (artifact) => marked(readArtifact(artifact, place), () => done.add(artifact)),
    };
    const copy = join(room.scratch, 'restored');
    try {
      if (reaches(level, 'restored')) {
        await checkScratchSpace(room.scratch, plainBytes(manifest));
        await source.restore(backup, copy, room);
      }
      for (const artifact of manifest.artifacts) {
        if (done.has(artifact)) continue;
        for await (const chunk of backup.read(artifact)) void chunk;
      }
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'ARTIFACT_UNREADABLE') {
        this.reached = 'checksum';
      }
      throw error;
    }
    this.reached = 'readable';
    if (reaches(level, 'restored')) await this.#compare(source, backup, copy, room);
  }

  async #compare(
    source: Source,
    backup: StoredBackup,
    copy: string,
    room: Workroom,
  ): Promise<void> {
    const { differences, ...found } = await source.compare(backup, copy, room);
    this.#found = found;
    if (differences.length > 0) throw restoreDiffers(backup.manifest.id, differences);
    this.reached = 'restored';
  }
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
