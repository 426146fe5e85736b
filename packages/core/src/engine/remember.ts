import type { RunId } from '../model/ids.ts';
import type { FlowRun, PendingHook, Run } from '../model/run.ts';
import type { Execution } from './execution.ts';
import type { HookLeft } from './flow-handle.ts';
import { killChildren } from './leftover-children.ts';
import { runsUnder, takenElsewhere } from './queues/place.ts';
import { isTransactionHook } from './transactions/due-runs.ts';

/** Begins to deliver the hooks that are due; gives those of definitions that this engine does not know. */
function deliverDue(
  execution: Execution,
  runs: readonly Run[],
  hooks: readonly PendingHook[],
): HookLeft[] {
  const byId = new Map<RunId, Run>(runs.map((run) => [run.id, run]));
  const left: HookLeft[] = [];
  for (const due of hooks) {
    const run = byId.get(due.runId);
    if (run === undefined) continue;
    if (isTransactionHook(due.hook)) {
      execution.transactions.due.note(run);
      continue;
    }
    const definition = execution.engine.definitions.get(run.kind, run.name);
    if (definition === undefined) left.push({ runId: run.id, name: run.name, hook: due.hook });
    execution.hooks.deliver({ due, run, definition });
  }
  return left;
}

/**
 * Reads what a top-level run had done, and begins to deliver the hooks that were due. What somebody else executes below it
 * is theirs: its hooks, and the transactions of its code.
 */
export async function remember(execution: Execution, root: FlowRun): Promise<HookLeft[]> {
  const { store } = execution.engine;
  const { rootId } = execution;
  const [runs, recorded, hooks] = await Promise.all([
    store.below(rootId),
    store.recorded(rootId),
    store.pendingHooks(rootId),
  ]);
  const taken = takenElsewhere(runs);
  const ours = taken.size === 0 ? runs : runs.filter(({ id }) => !taken.has(id));
  execution.remember(runs, recorded, ours);
  return deliverDue(execution, [root, ...ours], hooks);
}

/** Ends the children that the dead process of a top-level run had started, but for those that others have started below it. */
export async function killChildrenOf(execution: Execution): Promise<void> {
  const { store } = execution.engine;
  if ((await store.children(execution.rootId)).length === 0) return;
  const taken = takenElsewhere(await store.below(execution.rootId));
  await killChildren(execution, (runId) => !taken.has(runId));
}

/** What the process has left that had claimed a run before: its children are ended, what it had done is read, hooks are delivered. */
export async function rememberClaimed(execution: Execution, run: Run): Promise<void> {
  const { store } = execution.engine;
  const { rootId } = run;
  const [all, recorded, hooks] = await Promise.all([
    store.below(rootId),
    store.recorded(rootId),
    store.pendingHooks(rootId),
  ]);
  const under = runsUnder(run.id, all);
  const taken = takenElsewhere(under.filter(({ id }) => id !== run.id));
  const ours = under.filter(({ id }) => !taken.has(id));
  const ids = new Set(ours.map(({ id }) => id));
  await killChildren(execution, (runId) => ids.has(runId));
  const below = ours.filter(({ id }) => id !== run.id);
  execution.remember(
    under.filter(({ id }) => id !== run.id),
    recorded.filter(({ runId }) => ids.has(runId)),
    below,
  );
  deliverDue(execution, ours, hooks);
}
