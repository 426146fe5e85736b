import type { Args, FlowValue } from '../../definition/callable-types.ts';
import type { FlowHandle } from '../flow-handle.ts';
import type { EnqueueOptions, WorkOptions } from './queue-options.ts';

/** A worker that was started. */
export interface QueueWorker {
  /**
   * Claims nothing more. What it has begun goes on in its engine; resolves when nothing is being claimed. Idempotent;
   * `engine.stop()` does it, too.
   */
  stop(): Promise<void>;
}

/** Lets runs wait until a worker executes them, in this process or in another. */
export interface Queues {
  /**
   * Puts a flow on a queue: its run is SCHEDULED, and executed by an engine that works on the queue and knows the flow.
   * Resolves when its record is on the disk. Its arguments are checked here and, when it starts, there.
   *
   * @returns a handle: its outcome comes from whoever executes it
   * @throws as `start` does, and `OPTIONS_INVALID`; `INPUT_NOT_SERIALISABLE` on every store
   */
  enqueue<F extends Function>(
    flow: F,
    args: Args<F>,
    options?: EnqueueOptions,
  ): Promise<FlowHandle<FlowValue<F>>>;
  /**
   * Executes what waits on queues, as far as this engine knows the flows and tasks, each run in one engine only; and serves,
   * as `serve()` does: it takes up runs of its queues that were paused, or whose worker has died, at once where that was
   * seen, else when their lease has expired. A run that it cannot take up (a resource is missing) is given back at once,
   * and left to others for 30 s. Keeps the process alive until it is stopped.
   *
   * @throws `OPTIONS_INVALID`, `DURATION_INVALID`, and what the store throws
   */
  work(options?: WorkOptions): Promise<QueueWorker>;
}
