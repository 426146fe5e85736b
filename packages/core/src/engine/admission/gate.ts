import type { Outcome } from '../../model/outcome.ts';
import type { StoredValue } from '../../model/state.ts';
import type { Cancellation } from '../cancellation.ts';

/**
 * Something that a run passes before each attempt: a window, a cache, limits. It changes the run through its handle,
 * as everything does: it may show it as SCHEDULED while it waits, and end it.
 */
export interface Gate {
  /** Waits until the attempt may begin; gives the outcome of a run that ends here. Ends early when the run is told to stop. */
  enter(): Promise<Outcome<unknown> | undefined>;
  /** The attempt's code waits for something that is no work of its own: a child, a time, an input. */
  suspend?(): Promise<void> | void;
  /** What it waited for is there. Waits until the attempt may go on; ends early when that is told to stop. */
  resume?(attempt: Cancellation): Promise<void> | void;
  /** The attempt is over: its function has settled, or its grace has ended. Called once for each `enter` that let it begin. */
  leave?(): Promise<void> | void;
  /**
   * The run completes with this result: its outcome has just been given to the writer. What is written now is committed
   * after it, or not at all; in the same transaction, where that has room.
   */
  completing?(result: StoredValue): void;
  /**
   * What came of the attempt is committed, or cannot be; or the run ends without one. Gives back what it still holds:
   * nothing may be held while the run waits for its next attempt. May be called at any time, and again.
   */
  settled?(): Promise<void> | void;
}
