import type { KnownSource } from '../../sources/known-sources.ts';
import type { SourceSpec } from '../../sources/source.ts';
import type { RestoredCopy } from '../../verify/scratch-copy.ts';
import type { SourceBench } from './bench.ts';

/** A source under test, with something in it that belongs to this test alone. */
export interface SourceSubject {
  readonly source: KnownSource;
  /** What is dumped; it holds something. */
  readonly spec: SourceSpec;
  /** A spec of the same kind whose source is not there: no such file, server, database, program. */
  readonly missing: SourceSpec;
  /** Takes something out of the source, for good: rows, files, lines at the end. */
  lose(): unknown;
  /** Takes something out of a restored copy: by its path, or by a statement to its server. */
  damage(copy: RestoredCopy): unknown;
  /**
   * Which stream of a dump holds what {@link lose} takes away, by its number, from 0. Default 0.
   */
  readonly lossIn?: number;
  /**
   * Values of the secrets that the spec refers to, by their reference: `{ 'env:TOKEN': 'xyzzy' }`. They are read from
   * here, and looked for where they must not be. Without them that check is skipped.
   */
  readonly secrets?: Readonly<Record<string, string>>;
  /**
   * Where, within a backup's folder, the commands of RESTORE.md restore to: 'restored/orders.sqlite'. Without it
   * they are not tried.
   */
  readonly byHand?: string;
  /** Removes what was opened. */
  close(): unknown;
}

/** One promise of the port, as a program that fails when a source does not keep it. */
export interface SourceCheck {
  /** What is promised, as a sentence about the source. */
  readonly name: string;
  /** What the subject has to offer for it, or that its source restores to a path; without that it is skipped. */
  readonly needs?: 'byHand' | 'path' | 'secrets';
  /**
   * Runs on a subject and a bench that nothing else uses.
   *
   * @throws AssertionError when the promise is broken
   */
  run(subject: SourceSubject, bench: SourceBench): Promise<void>;
}
