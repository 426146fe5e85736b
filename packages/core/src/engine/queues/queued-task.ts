import type { Definition } from '../../definition/definition.ts';
import { boundOf, nearerBound, type Bound } from '../../model/bounds.ts';
import type { RunId } from '../../model/ids.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Run, TaskRun } from '../../model/run.ts';
import type { RunEvent } from '../../model/run-event.ts';
import { isTerminal } from '../../model/state.ts';
import { endRefused } from '../child-end.ts';
import type { EngineCore } from '../engine-core.ts';
import type { Execution } from '../execution.ts';
import { endClaimed } from '../left-runs.ts';
import { tellOfRecovery } from '../notes/run-logger.ts';
import { performChecked } from '../perform-call.ts';
import { perform } from '../perform.ts';
import type { Performance } from '../performance.ts';
import { rememberClaimed } from '../remember.ts';
import { RunHandle } from '../run-handle.ts';
import { underVersion } from '../run-version.ts';
import { outsideScope } from '../scope.ts';
import { withinBound } from '../time/watch.ts';
import { isBegun } from './place.ts';

/** The runs above one, its parent first, the root last. One that is gone ends the list. */
async function runsAbove({ store }: EngineCore, { parentId }: Run): Promise<readonly Run[]> {
  const above: Run[] = [];
  for (let id = parentId; id !== undefined; id = above.at(-1)?.parentId) {
    const run = await store.run(id);
    if (run === undefined) break;
    above.push(run);
  }
  return above;
}

/** Why a run is ended without its function: somebody asked for it, or nobody waits for it any more. */
function endingFor(
  { name }: Run,
  above: readonly Run[],
  cancelReason: string | undefined,
): RunEvent | undefined {
  if (cancelReason !== undefined) return { type: 'cancelled', reason: cancelReason };
  const ended = above.find(({ state }) => isTerminal(state));
  if (ended === undefined) return undefined;
  const reason = `'${ended.name}' has ended, which had started '${name}'`;
  return { type: 'skip', name: 'NotNeeded', reason };
}

function boundAmong(runs: readonly Run[]): Bound | undefined {
  return runs.map(boundOf).reduce(nearerBound, undefined);
}

/** Shows that its process has died, or only waited. Whether rules end it then. */
function takenUp(execution: Execution, handle: RunHandle, { maxRecoveries }: Definition): boolean {
  const { state, recoveries } = handle.run;
  const { type } = state;
  if (type === 'RUNNING' || type === 'CANCELLING') {
    handle.stage({ type: 'interrupt', crashed: true }, { maxRecoveries });
  } else if (type === 'PAUSED') handle.stage({ type: 'interrupt', crashed: false });
  if (isTerminal(handle.state)) return true;
  if (state.name !== 'Scheduled') tellOfRecovery(execution, handle, recoveries, maxRecoveries);
  return false;
}

/**
 * A task run that was claimed from a queue, in the engine that executes it: under its own lease, as if its flow were here.
 * Whoever holds the root reads how it ended.
 */
export class QueuedTask {
  readonly execution: Execution;
  /** Resolves when it is over in this engine. Rejects when its outcome could not be recorded, or its lease was lost. */
  readonly ended: Promise<void>;

  private constructor(run: Performance) {
    this.execution = run.execution;
    this.ended = outsideScope(() => this.#execute(run));
    this.ended.catch(() => undefined);
  }

  get id(): RunId {
    const { rootId, runId = rootId } = this.execution.fence;
    return runId;
  }

  /**
   * Starts a claimed run, or takes it up where somebody had begun it.
   *
   * @param execution has its lease
   * @param cancelReason set when somebody asked for it to be cancelled
   * @returns undefined where it ends without its function
   * @throws what keeps this engine from it; nothing was changed then
   */
  static async take(
    execution: Execution,
    run: TaskRun,
    definition: Definition,
    cancelReason: string | undefined,
  ): Promise<QueuedTask | undefined> {
    const { engine } = execution;
    const above = await runsAbove(engine, run);
    const ending = endingFor(run, above, cancelReason);
    if (ending !== undefined) {
      await endClaimed(execution, run, ending);
      return undefined;
    }
    const args = engine.codec.decode(run.inputs ?? []) as readonly unknown[];
    if (isBegun(run)) await rememberClaimed(execution, run);
    const handle = RunHandle.read(execution, underVersion(run, definition), definition);
    if (takenUp(execution, handle, definition) && isTerminal(handle.state)) {
      await endRefused({ execution }, handle, handle.state);
      await execution.hooks.settled();
      await engine.leases.release(execution);
      return undefined;
    }
    const root = above.at(-1);
    if (root?.kind === 'flow') execution.traceparent = root.traceparent;
    const around = above.find(({ kind }) => kind === 'flow');
    const flow = around && RunHandle.read(execution, around);
    const bound = boundAmong([run, ...above]);
    const { cancellation } = execution;
    return new QueuedTask({ execution, handle, definition, args, cancellation, flow, bound });
  }

  async #execute(run: Performance): Promise<void> {
    const { execution, bound, cancellation, definition } = run;
    try {
      await (bound === undefined
        ? this.#perform(run)
        : withinBound(execution.clock, bound, cancellation, () => this.#perform(run)));
      if (execution.halted !== undefined) throw execution.halted;
      await execution.withinGrace(this.#settled(run), definition.grace);
    } finally {
      await this.#release();
    }
  }

  #perform(run: Performance): Promise<Outcome<unknown>> {
    const { checkInput } = run.definition;
    return checkInput === undefined ? perform(run) : performChecked(run, checkInput);
  }

  async #settled({ execution, handle }: Performance): Promise<void> {
    await execution.hooks.settled();
    if (execution.hasTransactions && isTerminal(handle.state)) {
      await execution.transactions.settle(handle.run);
    }
  }

  async #release(): Promise<void> {
    const { engine } = this.execution;
    try {
      await engine.leases.release(this.execution);
    } catch (error) {
      // Others wait until it expires, or until this process is seen to be dead.
      engine.logger.warn({ runId: this.id, err: error }, 'a lease could not be given back');
    }
  }
}
