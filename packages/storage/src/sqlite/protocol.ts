import type { MessagePort } from 'node:worker_threads';
import type {
  ClaimQuery,
  ClaimRequest,
  Durability,
  Fence,
  LeaseRequest,
  LeaseTerms,
  LogQuery,
  PermitRequest,
  PruneRequest,
  RunId,
} from '@holdfast/core';
import type { Fault } from '../record/fault.ts';
import type { ListTerms } from '../sql/list-terms.ts';
import type { MigrationMode } from '../sql/migration-mode.ts';
import type { EncodedWrite } from '../record/encode-write.ts';

/** Where the worker finds its database, and how long it waits. Sent with {@link StoreCalls.open}. */
export interface DatabaseTerms {
  readonly path: string;
  /** For how long a write waits for other processes' writes, in milliseconds. */
  readonly busyTimeout: number;
  readonly migrate: MigrationMode;
}

/** What the host's thread asks of the worker, by name, with the arguments of each. */
export interface StoreCalls {
  readonly open: DatabaseTerms;
  readonly close: undefined;
  /** The writes of a commit that will follow, in which they are then not given again. */
  readonly prepare: readonly EncodedWrite[];
  readonly commit: {
    readonly writes: readonly EncodedWrite[] | 'prepared';
    readonly durability: Durability;
  };
  readonly acquireLease: LeaseRequest;
  readonly renewLeases: {
    readonly fences: readonly Fence[];
    readonly terms: LeaseTerms & { readonly now: number };
  };
  readonly releaseLeases: readonly Fence[];
  readonly run: RunId;
  readonly runs: ListTerms;
  readonly history: RunId;
  readonly below: RunId;
  readonly recorded: RunId;
  readonly pendingHooks: RunId | undefined;
  readonly children: RunId;
  readonly openRuns: undefined;
  readonly logs: LogQuery;
  readonly artifacts: RunId;
  readonly cached: string;
  readonly inputs: RunId;
  readonly schedules: undefined;
  readonly acquirePermits: PermitRequest;
  readonly renewPermits: LeaseTerms & { readonly now: number };
  readonly releasePermits: { readonly holder: string; readonly ids: readonly string[] };
  readonly permits: readonly string[];
  readonly claim: ClaimRequest;
  readonly claimed: ClaimQuery;
  /** Gives a number that is another one after every commit of another connection. */
  readonly changes: undefined;
  readonly prune: PruneRequest;
  readonly check: undefined;
}

export type CallName = keyof StoreCalls;

/** Host to worker: a call, or the wish for the next page of a long answer. */
export type Request =
  | { readonly id: number; readonly call: CallName; readonly argument: unknown }
  | { readonly id: number; readonly call: 'next-page' };

/**
 * Worker to host. A list comes in pages, each asked for on its own, so that reading a large one back
 * into objects never holds up the host's event loop for long.
 */
export type Response =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly page: readonly unknown[]; readonly last: boolean }
  | { readonly id: number; readonly fault: Fault };

/** Records in one page of a list. */
export const PAGE_SIZE = 250;

/** What the worker is started with. */
export interface WorkerData {
  /** Over which it is asked and answers. */
  readonly port: MessagePort;
  /** The memory of a `Watch`. */
  readonly watch: SharedArrayBuffer;
}
