import { HoldfastError } from '../errors/holdfast-error.ts';
import { assertJson } from '../model/assert-json.ts';
import type { RunId } from '../model/ids.ts';
import type { State } from '../model/state.ts';
import type { RunWrite, Write } from './run-store.ts';
import type { ScheduleWrite } from './shared-state.ts';

function invalid(what: string, runId: RunId): HoldfastError {
  return new HoldfastError('STORE_WRITE_INVALID', `A write to run ${runId} is not valid: ${what}`, {
    hint: 'This is a mistake in the code that calls the run store; nothing of the batch was written.',
    retryable: false,
    context: { runId },
  });
}

function checkState(state: State, runId: RunId): void {
  if (state.type === 'COMPLETED' && !('object' in state.result)) {
    checkJson(state.result.inline, 'its result', runId);
  } else if ('error' in state) {
    checkJson(state.error, 'its error', runId);
  }
}

function checkValues({ run, history, hooks }: RunWrite): void {
  if (run.inputs !== undefined) checkJson(run.inputs, 'its inputs', run.id);
  checkState(run.state, run.id);
  for (const { state } of history) if (state !== run.state) checkState(state, run.id);
  for (const { state } of hooks) if (state !== run.state) checkState(state, run.id);
}

function checkHistory({ expectVersion, run, history }: RunWrite): void {
  let version = expectVersion;
  let step = Infinity;
  for (const entry of history) {
    if (entry.runId !== run.id) throw invalid('its history is of another run', run.id);
    const later = entry.version > version || (entry.version === version && entry.step > step);
    if (!later || entry.version > run.version) {
      throw invalid(
        'its history must ascend by version and step, after expectVersion and up to the version of the run',
        run.id,
      );
    }
    version = entry.version;
    step = entry.step;
  }
}

/** Half a surrogate pair and U+0000: databases change or refuse them in text. */
function isKeepable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function checkText(text: string | undefined, what: string, runId: RunId): void {
  if (text !== undefined && !isKeepable(text)) {
    throw invalid(`its ${what} holds U+0000 or half a surrogate pair`, runId);
  }
}

function checkPlace({ run, fence, lease, expectVersion }: RunWrite): void {
  const topLevel = run.parentId === undefined;
  if (topLevel !== (run.rootId === run.id)) {
    throw invalid('a run without a parent is its own root, and no other is', run.id);
  }
  if (fence !== undefined && fence.rootId !== run.rootId) {
    throw invalid('its fence is of another root', run.id);
  }
  if (lease === undefined) return;
  if (!topLevel || run.kind !== 'flow' || expectVersion !== 0 || fence !== undefined) {
    throw invalid('a lease is asked for only where a top-level flow run is created', run.id);
  }
  if (lease.holder === '' || !(lease.ttl > 0)) {
    throw invalid('a lease needs a holder, and a ttl above 0 ms', run.id);
  }
}

function checkRunWrite(write: RunWrite): void {
  const { run, expectVersion, hooks } = write;
  if (!Number.isSafeInteger(expectVersion) || expectVersion < 0) {
    throw invalid('expectVersion is a whole number from 0', run.id);
  }
  if (!Number.isSafeInteger(run.version) || run.version <= expectVersion) {
    throw invalid('its version must be greater than expectVersion', run.id);
  }
  checkText(run.name, 'name', run.id);
  checkText(run.key, 'key', run.id);
  if (run.kind === 'flow') checkText(run.idempotencyKey, 'idempotency key', run.id);
  checkPlace(write);
  checkHistory(write);
  for (const hook of hooks) {
    if (hook.runId !== run.id || hook.rootId !== run.rootId) {
      throw invalid('its hooks are of another run', run.id);
    }
  }
  checkValues(write);
}

function checkJson(value: unknown, what: string, runId: RunId): void {
  assertJson(value, what, (problem) => invalid(problem, runId));
}

/** What is kept beside the runs. */
function checkBeside(write: Write): void {
  if (write.kind === 'log') {
    checkJson(write.entry, 'a line', write.entry.runId);
    checkText(write.entry.message, 'line', write.entry.runId);
  } else if (write.kind === 'artifact') {
    const { artifact, fence } = write;
    if (fence.rootId !== artifact.rootId)
      throw invalid('its fence is of another root', artifact.runId);
    checkJson(artifact, 'an artifact', artifact.runId);
    checkText(artifact.key, 'artifact key', artifact.runId);
  } else if (write.kind === 'cache') {
    checkJson(write.entry, 'a cached result', write.entry.runId);
    checkText(write.entry.key, 'cache key', write.entry.runId);
  } else if (write.kind === 'input') {
    checkJson(write.input, 'an input', write.input.runId);
    checkText(write.input.name, 'input name', write.input.runId);
  } else if (write.kind === 'schedule') {
    checkSchedule(write);
  }
}

function checkSchedule({ expectVersion, schedule }: ScheduleWrite): void {
  const refuse = (what: string): HoldfastError =>
    new HoldfastError('STORE_WRITE_INVALID', `The schedule '${schedule.name}': ${what}`, {
      hint: 'This is a mistake in the code that calls the run store; nothing of the batch was written.',
      retryable: false,
    });
  if (!(schedule.version > expectVersion)) throw refuse('its version must grow');
  if (!isKeepable(schedule.name)) throw refuse('its name cannot be kept');
  assertJson(schedule, 'it', refuse);
}

/**
 * Refuses a batch that no store can keep truthfully. Every adapter calls it first in `commit`, so that
 * all of them refuse the same. It looks at the batch alone, at no stored record:
 * - a run's version is greater than `expectVersion`; its history belongs to it, ascends by version and
 *   step, and lies after `expectVersion` and not after its version; its hooks belong to it;
 * - a run without a parent is its own root; a fence names the run's root; a lease is asked for only
 *   with the creation of a top-level flow run;
 * - names, keys and reasons are text that every database keeps: no U+0000, no half surrogate pairs;
 * - values are JSON (`NaN`, `Infinity`, `Date` and the like would not come back as they were).
 *
 * @throws `STORE_WRITE_INVALID`, not retryable
 */
export function checkWrites(writes: readonly Write[]): void {
  for (const write of writes) {
    if (write.kind === 'run') {
      checkRunWrite(write);
    } else if (write.kind === 'record') {
      const { value, fence } = write;
      if (fence.rootId !== value.rootId) throw invalid('its fence is of another root', value.runId);
      assertJson(value.value, value.slot, (what) => invalid(what, value.runId));
    } else if (write.kind === 'cancel-request') {
      checkText(write.reason, 'cancel reason', write.rootId);
    } else {
      checkBeside(write);
    }
  }
}
