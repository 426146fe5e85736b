import type { RunArtifact } from '../model/artifact.ts';
import type { RunId } from '../model/ids.ts';
import type { LogLevel } from '../model/log-entry.ts';
import type { HistoryEntry, Run } from '../model/run.ts';
import type { Explanation } from '../reading/explanation.ts';
import type { Timeline } from '../reading/timeline.ts';
import type { StoredLogEntry } from '../store/run-notes.ts';
import type { RunQuery } from '../store/run-store.ts';
import type { DefinitionInfo } from './definition-info.ts';

/** Which lines to read. All conditions must hold. */
export interface LogFilter {
  /** Only lines at least as grave. Default: all that are kept. */
  readonly level?: LogLevel;
  /** Only lines after this `position`: that of the last line of the page before. */
  readonly after?: number;
  /** At most this many. Default 1,000. */
  readonly limit?: number;
  /** Only lines of this run, which is at or below the one that is asked about. */
  readonly runId?: RunId;
}

/** What can be read of the runs in a store, whoever executes them. Takes no lease and writes nothing. */
export interface RunReader {
  /** The flows and tasks that this engine knows by name: those it was given, and those it has seen called. Flows first, each kind by name. */
  definitions(): readonly DefinitionInfo[];
  /** Runs in the store, newest first. Throws `OPTIONS_INVALID`. */
  runs(query?: RunQuery): Promise<readonly Run[]>;
  /** Every run below a flow run, in the order they were made. */
  below(id: RunId): Promise<readonly Run[]>;
  /** The states that a run has gone through. Throws `RUN_UNKNOWN`. */
  history(id: RunId): Promise<readonly HistoryEntry[]>;
  /**
   * The lines that were kept with a run, in the order in which they were committed: those of a top-level run and of
   * everything below it, those of any other run alone. For the next page pass the `position` of the last line as `after`.
   *
   * @throws `RUN_UNKNOWN`, `OPTIONS_INVALID`
   */
  logs(id: RunId, filter?: LogFilter): Promise<readonly StoredLogEntry[]>;
  /**
   * What a run has left for people, in the order in which its keys were first written: a top-level run with everything
   * below it, any other run alone. How far a run has come is the artifact `progress`. Throws `RUN_UNKNOWN`.
   */
  artifacts(id: RunId): Promise<readonly RunArtifact[]>;
  /**
   * What there is to know of a run, running or ended: what it waits for, what failed first, what would run again, and
   * one sentence that says so. Needs no definitions; without that of a run it cannot tell how many recoveries are
   * allowed. Throws `RUN_UNKNOWN`.
   */
  explain(id: RunId): Promise<Explanation>;
  /**
   * A run and all below it as a Mermaid flowchart: what started what, what waited for what, and how each stands. From
   * 200 runs on, runs of one name are one node. Throws `RUN_UNKNOWN`.
   */
  mermaid(id: RunId): Promise<string>;
  /**
   * When a run and all below it waited, ran and backed off, from their histories: one read each. `timelineText` and
   * `timelineGantt` draw it. Throws `RUN_UNKNOWN`.
   */
  timeline(id: RunId): Promise<Timeline>;
}
