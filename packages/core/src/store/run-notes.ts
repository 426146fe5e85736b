import type { RunArtifact } from '../model/artifact.ts';
import type { RunId } from '../model/ids.ts';
import type { LogEntry, LogLevel } from '../model/log-entry.ts';
import type { Fence } from './run-store.ts';

/** Keeps a line that a run has logged. Needs no fence: what a holder that lost its lease has logged is true all the same. */
export interface LogWrite {
  readonly kind: 'log';
  readonly entry: LogEntry;
}

/** Keeps an artifact, or replaces the one that the run has under its key. */
export interface ArtifactWrite {
  readonly kind: 'artifact';
  readonly artifact: RunArtifact;
  readonly fence: Fence;
}

/** A line as it is read back. */
export interface StoredLogEntry extends LogEntry {
  /** Its place among all lines of the store: ascends in the order in which they were committed. */
  readonly position: number;
}

/** Which lines to read. All conditions must hold. */
export interface LogQuery {
  /** Lines of a root run and everything below it. */
  readonly rootId: RunId;
  /** Only those of this run. */
  readonly runId?: RunId;
  /** Only lines at least as grave. */
  readonly level?: LogLevel;
  /** Only lines after this position: the last of the page before. */
  readonly after?: number;
  /** At most this many. Default 1,000. */
  readonly limit?: number;
}

/** What runs leave for people to read. Lines and artifacts of a root that is not in the store are ignored. */
export interface RunNotes {
  /** Lines in the order in which they were committed. */
  logs(query: LogQuery): Promise<readonly StoredLogEntry[]>;
  /** The artifacts of a root run and everything below it, in the order in which their keys were first written. */
  artifacts(rootId: RunId): Promise<readonly RunArtifact[]>;
}
