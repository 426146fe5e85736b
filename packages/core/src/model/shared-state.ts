import type { RunId } from './ids.ts';
import type { JsonValue } from './json.ts';
import type { EpochMs, StoredValue } from './state.ts';

/** The result of a run, kept for others that are equal by their cache policy. */
export interface CachedResult {
  /** The cache key: names the task and what its policy looks at. */
  readonly key: string;
  readonly result: StoredValue;
  /** The run that it comes from, and its generation. */
  readonly runId: RunId;
  readonly generation: number;
  readonly at: EpochMs;
  /** From when on it is no longer served; absent: never. */
  readonly expiresAt?: EpochMs;
}

/** A value that somebody gave to a run that waits for it. */
export interface GivenInput {
  readonly rootId: RunId;
  /** The run that waits. */
  readonly runId: RunId;
  /** The name under which it waits, unique within the run's generation. */
  readonly name: string;
  readonly generation: number;
  readonly value: JsonValue;
  readonly at: EpochMs;
}

/** How far a schedule has come: kept, so that several processes and restarts agree. */
export interface ScheduleRecord {
  /** Unique in the store. */
  readonly name: string;
  /** Counts the writes to this record, from 1. */
  readonly version: number;
  /** Every occurrence up to here has been dealt with: started, skipped, or given up. */
  readonly doneUntil: EpochMs;
  readonly paused: boolean;
  readonly updatedAt: EpochMs;
  /** What the host said of it, for people: the flow's name, the times, the parameters. */
  readonly facts: JsonValue;
}

/** A share of a limit that is taken. */
export interface Permit {
  readonly limit: string;
  /** Unique: who took it, and for what. */
  readonly id: string;
  /** Who holds it: see `Lease.holder`. */
  readonly holder: string;
  readonly slots: number;
  readonly expiresAt: EpochMs;
}
