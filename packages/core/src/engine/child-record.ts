import type { Definition } from '../definition/definition.ts';
import { runNameOf } from '../definition/run-name.ts';
import type { RunId } from '../model/ids.ts';
import type { Dependency, Run } from '../model/run.ts';
import { isTerminal } from '../model/state.ts';
import { encodeInputs } from './engine-core.ts';
import { RunHandle } from './run-handle.ts';
import type { Scope } from './scope.ts';

/** What identifies a child within its parent, and what it was called with. */
export interface ChildCall {
  readonly definition: Definition;
  readonly id: RunId;
  readonly key: string;
  readonly inputHash: string | undefined;
  readonly args: readonly unknown[];
  readonly dependsOn: readonly Dependency[];
}

function newRun(scope: Scope, call: ChildCall): Run {
  const { execution, run: parent, tryName } = scope;
  const { definition, args, inputHash, dependsOn } = call;
  const base = {
    id: call.id,
    name: definition.name,
    rootId: execution.rootId,
    parentId: parent.id,
    parentTry: tryName,
    key: call.key,
    generation: 1,
    version: 1,
    state: { type: 'PENDING', name: 'Pending' } as const,
    attempts: 0,
    recoveries: 0,
    createdAt: execution.clock.now(),
    tags: definition.tags,
    ...runNameOf(definition, args),
  };
  return definition.kind === 'task'
    ? { ...base, kind: 'task', inputHash: inputHash ?? '', dependsOn }
    : { ...base, kind: 'flow', inputs: encodeInputs(execution.engine, definition.name, args) };
}

/**
 * The record that a child goes on with: a new one, the next generation of an ended one, or one that its
 * process left open, which then counts a recovery, and which rules may end.
 */
export function openRecord(scope: Scope, call: ChildCall, known: Run | undefined): RunHandle {
  const { execution, tryName } = scope;
  if (known === undefined) return RunHandle.made(execution, newRun(scope, call));
  const handle = RunHandle.read(execution, known);
  const { maxRecoveries } = call.definition;
  if (isTerminal(known.state)) {
    handle.stage({ type: 'again' }, { parentTry: tryName, dependsOn: call.dependsOn });
  } else if (known.state.type === 'RUNNING' || known.state.type === 'CANCELLING') {
    handle.stage({ type: 'interrupt', crashed: true }, { maxRecoveries });
  }
  return handle;
}
