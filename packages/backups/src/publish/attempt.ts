import { HoldfastError, type ObjectStore } from '@holdfast/core';
import type { Sealer } from '../encryption/age.ts';
import { MANIFEST_NAME } from '../model/layout.ts';
import {
  MANIFEST_FORMAT,
  MANIFEST_VERSION,
  type Manifest,
  type StoredDocument,
  type UnsealedManifest,
} from '../model/manifest.ts';
import { sealManifest, serialiseManifest } from '../model/parse-manifest.ts';
import { PACKAGE_VERSION } from '../package-version.ts';
import type { ArtifactPlace } from '../pipeline/store-artifact.ts';
import type { Rate } from '../pipeline/rate.ts';
import { ZstdProgram } from '../pipeline/zstd-program.ts';
import { type WrittenDocument, writeGuide, writeSums } from './documents.ts';
import type { StartChild } from '../sources/child.ts';
import type { StoredDump } from './store-dump.ts';

interface Dumped extends StoredDump {
  readonly id: string;
  readonly set: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

interface Publication {
  readonly runId: string | null;
  readonly codeVersion: string | null;
  readonly beforePublish?: () => Promise<void>;
}

/** One attempt to make a backup: its folder, what it has written there, and its end. */
export class Attempt implements ArtifactPlace {
  readonly store: ObjectStore;
  readonly path: string;
  /** Aborts with the caller's signal, and when the attempt is given up. */
  readonly signal: AbortSignal;
  readonly startChild: StartChild;
  readonly sealer: Sealer | undefined;
  readonly zstd: ZstdProgram;
  readonly rate: Rate | undefined;
  readonly #inner = new AbortController();
  readonly #written: string[] = [];
  #manifestSent = false;

  constructor(place: Omit<ArtifactPlace, 'giveUp' | 'zstd'>) {
    const { store, path, signal, startChild, sealer, rate } = place;
    this.store = store;
    this.path = path;
    this.startChild = startChild;
    this.sealer = sealer;
    this.rate = rate;
    this.signal = AbortSignal.any([signal, this.#inner.signal]);
    this.zstd = new ZstdProgram(this);
  }

  readonly giveUp = (): void => {
    this.#inner.abort(new HoldfastError('DUMP_GIVEN_UP', 'The dump was given up by its reader.'));
  };

  /** Notes an object before it is written, so that it can be removed again. */
  willWrite(name: string): void {
    this.#written.push(this.path + name);
  }

  /** Writes the documents, then the manifest. */
  async publish(dumped: Dumped, publication: Publication): Promise<Manifest> {
    const documents = await this.#writeDocuments(dumped);
    return this.publishManifest(unsealed(dumped, publication, documents), publication);
  }

  /** Writes the manifest, last. */
  async publishManifest(
    fields: UnsealedManifest,
    { beforePublish }: Pick<Publication, 'beforePublish'>,
  ): Promise<Manifest> {
    const manifest = sealManifest(fields);
    await beforePublish?.();
    this.signal.throwIfAborted();
    this.#manifestSent = true;
    await this.store.put(this.path + MANIFEST_NAME, Buffer.from(serialiseManifest(manifest)), {
      ifAbsent: this.store.properties.ifAbsent !== false,
      signal: this.signal,
    });
    return manifest;
  }

  /**
   * Stops what still runs and removes what was written. Once the manifest was sent nothing is removed:
   * a store that failed to answer may have kept it.
   */
  async abandon(reason: unknown): Promise<void> {
    this.#inner.abort(reason);
    if (this.#manifestSent) return;
    await Promise.allSettled(this.#written.map((key) => this.store.delete(key)));
  }

  async #writeDocuments(dumped: Dumped): Promise<StoredDocument[]> {
    const { source, spec, facts, artifacts } = dumped;
    const guide = writeGuide(
      {
        id: dumped.id,
        set: dumped.set,
        kind: spec.kind,
        startedAt: isoTime(dumped.startedAt),
        endedAt: isoTime(dumped.endedAt),
        warnings: facts.warnings,
        artifacts,
      },
      source.guide(spec, facts, artifacts),
    );
    const sums = writeSums(artifacts, [guide]);
    for (const one of [guide, sums]) await this.write(one);
    return [guide.document, sums.document];
  }

  /** Writes a document. */
  async write({ document, content }: WrittenDocument): Promise<void> {
    this.willWrite(document.name);
    await this.store.put(this.path + document.name, content, {
      ifAbsent: this.store.properties.ifAbsent !== false,
      signal: this.signal,
    });
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function unsealed(
  dumped: Dumped,
  { runId, codeVersion }: Publication,
  documents: readonly StoredDocument[],
): UnsealedManifest {
  const { source, spec, facts } = dumped;
  return {
    format: MANIFEST_FORMAT,
    version: MANIFEST_VERSION,
    id: dumped.id,
    set: dumped.set,
    source: {
      kind: spec.kind,
      name: spec.name,
      identity: { ...source.identity(spec), ...facts.identity },
    },
    tools: [
      { name: '@holdfast/backups', version: PACKAGE_VERSION },
      { name: 'node', version: process.versions.node },
      ...facts.tools,
    ],
    startedAt: isoTime(dumped.startedAt),
    endedAt: isoTime(dumped.endedAt),
    artifacts: dumped.artifacts,
    documents,
    fingerprint: facts.fingerprint,
    warnings: facts.warnings,
    changed: facts.changed,
    vanished: facts.vanished,
    runId,
    codeVersion,
  };
}
