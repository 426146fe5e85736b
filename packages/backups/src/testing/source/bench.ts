import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createScrubber, memoryObjectStore, type ObjectStore, type Secret } from '@holdfast/core';
import { type Child, type ChildOptions, isAlive, startChild } from '@holdfast/core/process';
import type { Backup } from '../../model/backup.ts';
import { backupPath } from '../../model/layout.ts';
import type { Manifest } from '../../model/manifest.ts';
import { loadManifest } from '../../catalog/load-manifest.ts';
import { readArtifact } from '../../pipeline/read-artifact.ts';
import { createBackup, type WorkOptions } from '../../publish/create-backup.ts';
import type { KnownSource } from '../../sources/known-sources.ts';
import type { StoredBackup } from '../../sources/source.ts';
import { withScratch, type Workroom } from '../../sources/workroom.ts';
import type { SourceSubject } from './check.ts';

/** How long something that has to end by itself may take, in milliseconds. */
const PATIENCE = 60_000;

/** A child that was started on the bench, with its arguments. */
export interface SeenChild {
  readonly child: Child;
  readonly command: string;
  readonly args: readonly string[];
}

/** Where a source is tried: a directory and a store of its own, and an eye on every child. */
export class SourceBench {
  readonly root: string;
  readonly store: ObjectStore = memoryObjectStore();
  readonly children: SeenChild[] = [];
  readonly #secrets: Readonly<Record<string, string>>;

  private constructor(root: string, secrets: Readonly<Record<string, string>>) {
    this.root = root;
    this.#secrets = secrets;
  }

  /** Makes one, with the values of the subject's secrets. */
  static async open(subject: SourceSubject): Promise<SourceBench> {
    const root = await mkdtemp(join(tmpdir(), 'source-bench-'));
    return new SourceBench(root, subject.secrets ?? {});
  }

  /** Where its work makes scratch directories. */
  get scratchRoot(): string {
    return join(this.root, 'scratch');
  }

  /** Starts a child, and keeps an eye on it. */
  readonly startChild = async (command: string, options: ChildOptions = {}): Promise<Child> => {
    const scrubber = createScrubber();
    for (const value of Object.values(this.#secrets)) scrubber.add(value);
    const child = await startChild(command, { scrub: scrubber.scrub, ...options });
    this.children.push({ child, command, args: options.args ?? [] });
    return child;
  };

  /** Gives the value that the subject has for a secret. */
  readonly secret = (secret: Secret): Promise<string> => {
    const value = this.#secrets[secret.reference];
    return value === undefined
      ? Promise.reject(new Error(`the subject gives no value of ${secret.reference}`))
      : Promise.resolve(value);
  };

  /** What work on the bench is done with. */
  work(source: KnownSource, signal?: AbortSignal): WorkOptions {
    return {
      sources: [source],
      scratchRoot: this.scratchRoot,
      startChild: this.startChild,
      secret: this.secret,
      ...(signal === undefined ? {} : { signal }),
    };
  }

  /** Works in a room of its own. */
  async inRoom<T>(work: (room: Workroom) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { startChild: start, secret } = this;
    return withScratch(this.scratchRoot, (scratch) =>
      work({
        scratch,
        signal: signal ?? new AbortController().signal,
        startChild: start,
        secret,
      }),
    );
  }

  /** Makes a backup of the subject's source, or of another that takes its place. */
  async backUp(subject: SourceSubject, source = subject.source): Promise<Backup> {
    const { store } = this;
    return createBackup({
      ...this.work(source),
      source: subject.spec,
      store,
      storeName: 'bench',
    });
  }

  /** The backup as a source reads it. */
  async stored(backup: Backup): Promise<StoredBackup> {
    const { signal } = new AbortController();
    const manifest: Manifest = await loadManifest(this.store, backup, signal);
    const place = { store: this.store, path: backupPath(manifest.set, manifest.id), signal };
    return { manifest, read: (artifact) => readArtifact(artifact, place) };
  }

  /** An empty directory. */
  async directory(name: string): Promise<string> {
    const path = join(this.root, name);
    await mkdir(path);
    return path;
  }

  /** The keys of everything stored, in order. */
  async keys(): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.store.list('')) keys.push(key);
    return keys;
  }

  /** What is stored under a key. */
  async bytesOf(key: string): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.store.get(key)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** That no child lives on and nothing lies in the scratch root. */
  async assertTidy(): Promise<void> {
    for (const { child, command } of this.children) {
      assert.equal(isAlive(child.identity), 'dead', `${command} lives on`);
    }
    const left = await readdir(this.scratchRoot).catch(() => []);
    assert.deepEqual(left, [], 'left in the scratch root');
  }

  /** Ends what still runs, and removes its directory. */
  async close(): Promise<void> {
    for (const { child } of this.children) await child.kill();
    await rm(this.root, { recursive: true, force: true });
  }
}

/** Waits for what has to end by itself. */
export async function inTime<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new assert.AssertionError({ message: `${what} does not end` })),
      PATIENCE,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
