import type { JsonValue } from '@holdfast/core';
import type { Fingerprint } from '../model/fingerprint.ts';
import type { Artifact, Layer, Manifest, NamedFiles, ToolVersion } from '../model/manifest.ts';
import type { Sample, Sampled } from '../model/sample.ts';
import type { DumpCommand } from './command.ts';
import type { Workroom } from './workroom.ts';

/**
 * What is to be backed up: plain data that can be stored with a run. Kinds add fields of their own.
 * A credential is never a field; name the place where it is found.
 */
export interface SourceSpec {
  /** Which {@link Source} reads it. */
  readonly kind: string;
  /** Names its artifacts, and its backup set unless that is named otherwise. */
  readonly name: string;
}

interface DumpStreamBase {
  /** File name without layers: `orders.sqlite`, `site.tar`. */
  readonly plainName: string;
  /**
   * The layers that the source asks for, innermost first: `['zstd']`, or none where a shell must be able to read
   * it as it is, or where it is compressed already. Encryption is not for the source to choose.
   */
  readonly layers: readonly Layer[];
  /** Size as far as known beforehand, for the look at the store's free space, and for the choice of the way. */
  readonly expectedBytes?: number;
}

/** A stream that JavaScript gives. */
export interface StreamedDump extends DumpStreamBase {
  /**
   * The bytes. The iteration ends only after everything that produces them was seen to end well, every
   * exit code included; else it throws. It throws soon after the workroom's signal aborts. A chunk may be changed once
   * the next one is asked for: whoever keeps one keeps a copy.
   */
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly command?: never;
}

/**
 * A stream that is what a program prints. The pipeline starts the program and, where it can, joins its stdout
 * with the compressor by file descriptor: then no plain byte passes through this process.
 */
export interface CommandDump extends DumpStreamBase {
  readonly command: DumpCommand;
  readonly bytes?: never;
}

/** One stream of a dump, on its way to become an artifact. */
export type DumpStream = StreamedDump | CommandDump;

/** What is known of a dump when all its streams have ended. */
export interface DumpFacts {
  /** What the source held at the moment of the dump, read from the source and not from the dump. */
  readonly fingerprint: Fingerprint;
  readonly tools: readonly ToolVersion[];
  /** What the dump learned of the source and a restore has to know, beside what its spec tells: encodings, positions. */
  readonly identity?: { readonly [field: string]: JsonValue };
  readonly warnings: readonly string[];
  readonly changed: NamedFiles;
  readonly vanished: NamedFiles;
}

/** A backup's artifacts, read back from a store. */
export interface StoredBackup {
  readonly manifest: Manifest;
  /**
   * Reads one artifact back to its plain bytes, in chunks that nobody touches again. They are proven only when the
   * iteration has ended.
   *
   * @throws `ARTIFACT_ALTERED`, `ARTIFACT_UNREADABLE`, or what the store throws
   */
  read(artifact: Artifact): AsyncIterable<Uint8Array>;
  /**
   * How much is to be restored and compared, where it is not all. A kind of source may restore and compare all the
   * same: only what {@link Comparison.sampled} says was a sample.
   */
  readonly sample?: Sample;
}

/** One thing that is not as it was at the moment of the dump. */
export interface Difference {
  /** 'table orders', 'file img/logo.png', 'schema'. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** What a comparison of a restored copy with its manifest gave. */
export interface Comparison {
  /** Empty: the copy is what the source was. At most 100. */
  readonly differences: readonly Difference[];
  readonly tables?: number;
  readonly rows?: number;
  readonly members?: number;
  /** Where a sample was compared: of what. Absent: everything was. */
  readonly sampled?: Sampled;
}

/** How a backup is restored by hand, in a plain sh, from within its folder. */
export interface RestoreGuide {
  /** Programs that the commands need, as named in a shell. */
  readonly programs: readonly string[];
  /** What is restored and where to, in a sentence. */
  readonly summary: string;
  /**
   * The commands, in order; each may span lines. They stop at the first that fails, and overwrite nothing. An
   * artifact is named by {@link openedFile}: where it is encrypted, it was decrypted before they begin.
   */
  readonly commands: readonly string[];
}

/** What sources of every kind do: those that restore to a path, and those that restore into a server. */
export interface AnySource<S extends SourceSpec = SourceSpec> {
  readonly kind: string;
  /** What the manifest tells of it: path, host, database. No secrets. {@link DumpFacts.identity} adds to it. */
  identity(spec: S): { readonly [field: string]: JsonValue };
  /**
   * Dumps. The streams are read one after another, each to its end, before the next is asked for.
   * When one fails, its error is thrown into the generator at that `yield`: its `finally` runs, and what it throws
   * is the dump's error, if it knows better what the program's failure means.
   */
  dump(spec: S, room: Workroom): AsyncGenerator<DumpStream, DumpFacts, void>;
  /** How to restore without Holdfast. `artifacts` are as they will stand in the manifest. */
  guide(spec: S, facts: DumpFacts, artifacts: readonly Artifact[]): RestoreGuide;
  /**
   * Looks, without dumping, whether a dump could be made now: programs and their versions, credentials,
   * rights. Default: nothing is looked at.
   *
   * @returns what stands in the way, and what is worth knowing; empty when all is well. It throws only for
   *   what says nothing about the source.
   */
  preflight?(spec: S, room: Workroom): Promise<readonly Finding[]>;
}

/** One thing that was found before the night. */
export interface Finding {
  /** Stable: that of the error that the dump would end with, or of a warning. */
  readonly code: string;
  /** 'error': a dump would fail, or not hold everything. 'warning': it would be made all the same. */
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
}

/**
 * A kind of thing that can be dumped, restored to a path, and compared. The port that file-like databases
 * implement, and users for what they have. Database servers implement `ServerSource`.
 *
 * Promises of an implementation:
 * 1. `dump` fails rather than give less than it says: a source that is missing, unreadable or damaged
 *    is an error with a code, never an empty dump.
 * 2. The fingerprint is that of the source, at the same moment as the dump.
 * 3. `restore` writes nowhere but at and below `to`.
 * 4. `compare` compares with the manifest, and with nothing that was read from the copy itself.
 */
export interface Source<S extends SourceSpec = SourceSpec> extends AnySource<S> {
  /** Restores to a path where nothing is yet, in a directory that exists. */
  restore(backup: StoredBackup, to: string, room: Workroom): Promise<void>;
  /** Compares what was restored to a path with what the manifest says of the source. */
  compare(backup: StoredBackup, at: string, room: Workroom): Promise<Comparison>;
  /** Suffixes of files beside a restored one that would be taken for parts of it: `-wal`. Default none. */
  readonly companions?: readonly string[];
}

/** No files. */
export const NO_FILES: NamedFiles = { count: 0, names: [] };

/** The longest list of names that a manifest keeps. */
const MOST_NAMES = 1000;

/** Counts names, and keeps the first 1,000. */
export function nameFiles(names: readonly string[]): NamedFiles {
  return { count: names.length, names: names.slice(0, MOST_NAMES) };
}
