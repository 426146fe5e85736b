import type { Definition } from '../definition/definition.ts';
import { assertSecrets } from '../definition/secret-args.ts';
import { newRunId } from '../model/ids.ts';
import type { FlowRun } from '../model/run.ts';
import type { EpochMs } from '../model/state.ts';
import { checkTraceparent } from '../model/traceparent.ts';
import { boundsFor } from '../policies/deadline.ts';
import { encodeInputs, nameForPeople, type EngineCore } from './engine-core.ts';
import { assertKey } from './identity.ts';
import { versionField } from './run-version.ts';

/** What is said of a new run beside its arguments. */
export type StartTerms = Pick<FlowRun, 'idempotencyKey' | 'scheduled' | 'traceparent'>;

/** Where a run waits that another process may execute. */
export interface Waiting {
  readonly queue: string;
  readonly dueAt: EpochMs;
}

/**
 * Checks with what a flow is to be called.
 *
 * @returns the arguments as its schema gives them
 * @throws `INPUT_INVALID`, `KEY_INVALID`, and what is said of Secrets
 */
export async function checkStart(
  engine: EngineCore,
  definition: Definition,
  args: readonly unknown[],
  { idempotencyKey }: StartTerms,
): Promise<readonly unknown[]> {
  if (idempotencyKey !== undefined) {
    assertKey(engine, idempotencyKey, `The idempotency key of '${definition.name}'`);
  }
  assertSecrets(definition, args);
  return (await definition.checkInput?.(args)) ?? args;
}

/**
 * The record of a new top-level run.
 *
 * @param waiting absent for one that starts here
 */
export function newFlowRun(
  engine: EngineCore,
  definition: Definition,
  args: readonly unknown[],
  { idempotencyKey, scheduled, traceparent }: StartTerms,
  waiting?: Waiting,
): FlowRun {
  const now = engine.clock.now();
  const id = newRunId(now, engine.random);
  const from = waiting?.dueAt ?? now;
  return {
    kind: 'flow',
    id,
    rootId: id,
    name: definition.name,
    generation: 1,
    version: 1,
    state: { type: 'PENDING', name: 'Pending' },
    attempts: 0,
    recoveries: 0,
    createdAt: now,
    tags: definition.tags,
    ...boundsFor(definition, from, scheduled?.at),
    ...nameForPeople(engine, definition, args),
    ...versionField(definition),
    inputs: encodeInputs(engine, definition.name, args, waiting !== undefined),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(traceparent === undefined ? {} : { traceparent: checkTraceparent(traceparent) }),
    ...(scheduled === undefined ? {} : { scheduled }),
    // What executes it is not known yet.
    ...(waiting === undefined ? engine.version : { queue: waiting.queue }),
  };
}
