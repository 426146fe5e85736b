import type { Failure } from './failure.ts';
import type { EpochMs, StoredValue } from './state.ts';

/** What can happen to a run. Each names only what it brings with it; the time comes with the facts. */
export type RunEvent =
  | { readonly type: 'schedule'; readonly dueAt: EpochMs }
  | { readonly type: 'start' }
  | { readonly type: 'complete'; readonly result: StoredValue; readonly failedTasks?: number }
  | { readonly type: 'serveCached'; readonly result: StoredValue }
  | { readonly type: 'fail'; readonly error: Failure }
  | { readonly type: 'timeOut'; readonly error: Failure }
  | { readonly type: 'retryLater'; readonly dueAt: EpochMs; readonly error: Failure }
  | {
      readonly type: 'skip';
      readonly name: 'UpstreamFailed' | 'NotNeeded';
      readonly reason: string;
    }
  | { readonly type: 'requestCancel'; readonly reason: string }
  | { readonly type: 'cancelled'; readonly reason: string }
  /** `crashed`: its process died, which uses up a recovery; else its engine was stopped. */
  | { readonly type: 'interrupt'; readonly crashed: boolean }
  | { readonly type: 'refuseRecovery'; readonly error: Failure }
  | { readonly type: 'again' };

export type RunEventType = RunEvent['type'];
