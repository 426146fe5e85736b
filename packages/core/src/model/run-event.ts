import type { Failure } from './failure.ts';
import type { EpochMs, PausedState, SkippedState, StoredValue } from './state.ts';

/** What can happen to a run. Each names only what it brings with it; the time comes with the facts. */
export type RunEvent =
  | {
      readonly type: 'schedule';
      readonly name?: 'Scheduled' | 'AwaitingSlot' | 'AwaitingWindow';
      readonly dueAt: EpochMs;
      /** With AwaitingSlot: the limits that are in the way. */
      readonly limits?: readonly string[];
    }
  | { readonly type: 'start' }
  | { readonly type: 'complete'; readonly result: StoredValue; readonly failedTasks?: number }
  | { readonly type: 'serveCached'; readonly result: StoredValue }
  | { readonly type: 'fail'; readonly error: Failure }
  | { readonly type: 'timeOut'; readonly error: Failure }
  | { readonly type: 'retryLater'; readonly dueAt: EpochMs; readonly error: Failure }
  | {
      readonly type: 'skip';
      readonly name: SkippedState['name'];
      readonly reason: string;
    }
  /** Its code waits: for a time, or for an input. */
  | {
      readonly type: 'pause';
      readonly name: PausedState['name'];
      readonly until?: EpochMs;
      readonly input?: string;
      readonly inputs?: readonly string[];
    }
  /** What its code waited for is there. */
  | { readonly type: 'resume' }
  /** Its window closed before it had started, or while it was under way. */
  | { readonly type: 'missWindow' | 'closeWindow'; readonly error: Failure }
  /** `cutOff`: by the timeout of an attempt above it. */
  | {
      readonly type: 'requestCancel' | 'cancelled';
      readonly reason: string;
      readonly cutOff?: boolean;
    }
  /** `crashed`: its process died, which uses up a recovery; else its engine was stopped. */
  | { readonly type: 'interrupt'; readonly crashed: boolean }
  | { readonly type: 'refuseRecovery'; readonly error: Failure }
  | { readonly type: 'again' };

export type RunEventType = RunEvent['type'];
