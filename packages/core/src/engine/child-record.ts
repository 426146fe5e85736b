import type { RunId } from '../model/ids.ts';
import type { Draft } from '../model/draft.ts';
import type { Dependency, FlowRun, Run, TaskRun } from '../model/run.ts';
import { isTerminal, type EpochMs, type PendingState } from '../model/state.ts';
import { wasCutOff } from '../rules/replay.ts';
import type { Membership } from '../model/transaction.ts';
import { boundsFor } from '../policies/deadline.ts';
import type { Call } from './call.ts';
import type { Definition } from '../definition/definition.ts';
import type { JsonValue } from '../model/json.ts';
import { encodeInputs, nameForPeople, type EngineCore } from './engine-core.ts';
import { searchIn } from './search.ts';
import { isElsewhere } from '../model/queued-run.ts';
import { tellOfRecovery } from './notes/run-logger.ts';
import { RunHandle } from './run-handle.ts';
import { underVersion } from './run-version.ts';
import { refusalBelow } from './resumption.ts';

/** What identifies a child within its parent. */
export interface ChildIdentity {
  readonly id: RunId;
  readonly key: string;
}

/** The transaction that a call belongs to: that of its code, else the one that the run itself belongs to. */
function membershipOf({ scope, definition, transaction }: Call): Membership | undefined {
  if (transaction !== undefined) return transaction.membership;
  if (scope.run.transaction === undefined && definition.hooks.onCommit !== undefined) {
    scope.execution.transactions.calledWithout(definition, scope.run.id);
  }
  return scope.run.transaction;
}

const PENDING: PendingState = { type: 'PENDING', name: 'Pending' };
const NO_DEPENDENCIES: readonly Dependency[] = Object.freeze([]);

/** Built in one piece: this happens for each run. */
function newTaskRun(
  { scope, definition, inputHash }: Call,
  { id, key }: ChildIdentity,
  createdAt: EpochMs,
): Draft<TaskRun> {
  return {
    kind: 'task',
    id,
    name: definition.name,
    rootId: scope.execution.rootId,
    parentId: scope.run.id,
    parentTry: scope.tryName,
    key,
    generation: 1,
    version: 1,
    state: PENDING,
    attempts: 0,
    recoveries: 0,
    createdAt,
    tags: definition.tags,
    inputHash: inputHash ?? '',
    dependsOn: NO_DEPENDENCIES,
  };
}

function newFlowRun(
  call: Call,
  identity: ChildIdentity,
  args: readonly unknown[],
  createdAt: EpochMs,
): Draft<FlowRun> {
  const { inputHash: _hash, dependsOn: _on, ...run } = newTaskRun(call, identity, createdAt);
  const { definition, scope } = call;
  return {
    ...run,
    kind: 'flow',
    inputs: encodeInputs(scope.execution.engine, definition.name, args),
  };
}

function newRun(call: Call, identity: ChildIdentity, args: readonly unknown[]): Run {
  const { scope, group, definition } = call;
  const { execution } = scope;
  const createdAt = execution.clock.now();
  const run =
    definition.kind === 'task'
      ? newTaskRun(call, identity, createdAt)
      : newFlowRun(call, identity, args, createdAt);
  // Assigned, not spread: most runs have none of these.
  const { bounds } = boundsFor(definition, createdAt);
  if (bounds !== undefined) run.bounds = bounds;
  const transaction = membershipOf(call);
  if (transaction !== undefined) run.transaction = transaction;
  if (definition.runName !== undefined) {
    Object.assign(run, nameForPeople(execution.engine, definition, args));
  }
  if (definition.version !== undefined) run.definitionVersion = definition.version;
  if (group !== undefined) run.groups = group.path;
  if (definition.queue !== undefined) {
    const { engine } = execution;
    Object.assign(run, { queue: definition.queue, inputs: inputsFor(engine, definition, args) });
  }
  return run;
}

/** The arguments for whoever claims the run; null while they hold futures, where it never comes to be called. */
function inputsFor(engine: EngineCore, { name }: Definition, args: readonly unknown[]): JsonValue {
  return searchIn(args).futures.length > 0 ? null : encodeInputs(engine, name, args, true);
}

/** Stages the next generation of a child. */
function stageAgain(call: Call, handle: RunHandle, args: readonly unknown[]): void {
  const { definition, scope } = call;
  const { engine } = scope.execution;
  const transaction = membershipOf(call);
  const queued = handle.run.queue !== undefined;
  handle.stage(
    { type: 'again' },
    {
      parentTry: scope.tryName,
      ...(transaction === undefined ? {} : { transaction }),
      ...(queued ? { inputs: inputsFor(engine, definition, args) } : {}),
      ...boundsFor(definition, scope.execution.clock.now()),
    },
  );
}

/**
 * The record that a child goes on with, staged but not written: a new one, the next generation of an ended one, or
 * one that its process left open, which then counts a recovery, and which rules may end.
 *
 * @param args as far as they are known
 */
export function openRecord(
  call: Call,
  identity: ChildIdentity,
  args: readonly unknown[],
  known: Run | undefined,
): RunHandle {
  const { definition, scope } = call;
  const { execution } = scope;
  if (known === undefined) {
    return RunHandle.made(execution, definition, newRun(call, identity, args));
  }
  const handle = RunHandle.read(execution, underVersion(known, definition), definition);
  const refusal = refusalBelow(execution, definition, known);
  if (isTerminal(known.state)) {
    stageAgain(call, handle, args);
  } else if (isElsewhere(known)) {
    // Whoever has claimed it goes on with it, and takes it up where its process died.
  } else if (refusal !== undefined) {
    handle.stage({ type: 'refuseRecovery', error: refusal });
  } else if (known.state.type === 'RUNNING' || known.state.type === 'CANCELLING') {
    const { maxRecoveries } = definition;
    handle.stage({ type: 'interrupt', crashed: true }, { maxRecoveries });
    if (wasCutOff(handle.state)) stageAgain(call, handle, args);
    else if (!isTerminal(handle.state)) {
      tellOfRecovery(execution, handle, known.recoveries, maxRecoveries);
    }
  } else if (known.state.type === 'PAUSED') {
    // Its code only waited.
    handle.stage({ type: 'interrupt', crashed: false });
  }
  return handle;
}
