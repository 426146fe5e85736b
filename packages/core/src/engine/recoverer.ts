import type { RunId } from '../model/ids.ts';
import type { FlowRun, Run } from '../model/run.ts';
import { isTerminal } from '../model/state.ts';
import type { OpenRun } from '../store/run-store.ts';
import type { EngineCore } from './engine-core.ts';
import {
  emptyReport,
  type FlowHandle,
  type RecoveryReport,
  type Report,
  type WaitingRun,
} from './flow-handle.ts';
import { recoverRun } from './recovery.ts';
import type { QueuedTask } from './queues/queued-task.ts';
import type { RootRun } from './root-run.ts';

/** What a recovery needs of its engine. */
export interface RecoveryHost {
  readonly stopping: boolean;
  /** Whether this engine executes a run already. */
  has(id: RunId): boolean;
  /** Whether this engine works on a queue. */
  worksOn(queue: string): boolean;
  /** Takes a run among those that this engine executes. */
  keep(root: RootRun): FlowHandle<unknown>;
  /** Takes a task run from a queue among what this engine executes. */
  keepTask(task: QueuedTask): void;
  /** Lets a stop wait for what is about to add runs. */
  unlessStopped<T>(work: Promise<T>): Promise<T>;
}

function waitingRun({ id: runId, name, state }: FlowRun): WaitingRun {
  if (state.type !== 'PAUSED') return { runId, name };
  const { until, input } = state;
  return {
    runId,
    name,
    ...(until === undefined ? {} : { until: new Date(until) }),
    ...(input === undefined ? {} : { input }),
  };
}

/** Takes up what earlier processes have left, one run after the other. */
export class Recoverer {
  readonly #engine: EngineCore;
  readonly #host: RecoveryHost;
  #nextDue = Infinity;

  constructor(engine: EngineCore, host: RecoveryHost) {
    this.#engine = engine;
    this.#host = host;
  }

  /** When the first of the paused runs that the last recovery has found is to be looked at, in epoch milliseconds; else Infinity. */
  get nextDue(): number {
    return this.#nextDue;
  }

  /** @param headStart whether paused runs that may go on are left for a while to the process that paused them */
  async recover(headStart = false): Promise<RecoveryReport> {
    const report = emptyReport();
    this.#nextDue = Infinity;
    for (const open of await this.#engine.store.openRuns()) {
      if (this.#host.stopping) break;
      if (this.#host.has(open.run.id)) continue;
      if (this.#isOfOthers(open.run)) report.heldElsewhere.push(open.run.id);
      else await this.#recoverInto(report, open, headStart);
    }
    return report;
  }

  /** Whether it is for those to execute who work on its queue. */
  #isOfOthers({ queue, state }: FlowRun): boolean {
    return queue !== undefined && !isTerminal(state) && !this.#host.worksOn(queue);
  }

  async #recoverInto(report: Report, open: OpenRun, headStart: boolean): Promise<void> {
    const { id: runId, name } = open.run;
    try {
      const recovered = await this.#host.unlessStopped(recoverRun(this.#engine, open, headStart));
      if ('hooksLeft' in recovered) report.hooksLeft.push(...recovered.hooksLeft);
      if (recovered.kind === 'resumed') report.resumed.push(this.#host.keep(recovered.root));
      else if (recovered.kind === 'ended') report.ended.push(runId);
      else if (recovered.kind === 'waiting') {
        this.#nextDue = Math.min(this.#nextDue, recovered.until);
        report.waiting.push(waitingRun(recovered.run));
      } else if (recovered.kind === 'unknown') report.unknown.push({ runId, name });
      else report.heldElsewhere.push(runId);
    } catch (error) {
      // One run that cannot be taken up keeps no other from it.
      this.#engine.logger.error({ runId, name, err: error }, 'a run could not be taken up');
      report.failed.push({ runId, name, error: error as Error });
    }
  }

  /** Ends a run whose cancel was asked for, where nobody executes it: without calling its function. */
  async endCancelled(run: Run, cancelReason: string): Promise<void> {
    const open = (await this.#engine.store.openRuns()).find((each) => each.run.id === run.id);
    if (open !== undefined) await this.#recoverInto(emptyReport(), open, false);
    else if (run.kind === 'flow' && !isTerminal(run.state)) {
      // It waits on a queue, or somebody has claimed it by now.
      const lease = { rootId: run.id, holder: '', epoch: 0, expiresAt: 0 };
      await this.#recoverInto(emptyReport(), { run, lease, cancelReason }, false);
    }
  }
}
