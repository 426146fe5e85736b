import { hash } from 'node:crypto';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { Timer } from '../../clock/clock.ts';
import type { JsonValue } from '../../model/json.ts';
import type { StoredValue } from '../../model/state.ts';
import type { Performance } from '../performance.ts';
import { persistently } from './persistently.ts';
import type { ResultKeeping } from './result-options.ts';
import { textBeyond } from './result-size.ts';

type InObjectStore = Exclude<StoredValue, { readonly inline: unknown }>;

function tooLarge(name: string, { inlineUpTo }: ResultKeeping, cause?: unknown): HoldfastError {
  const problem =
    cause === undefined ? `takes more than ${inlineUpTo} bytes of JSON` : 'is too large to be JSON';
  return new HoldfastError('RESULT_TOO_LARGE', `What '${name}' returned ${problem}.`, {
    hint: 'Return a reference to large data, or give the engine an object store: createEngine({ results: { store } }).',
    retryable: false,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Names the run, what wrote it, and under which lease: who lost that overwrites nothing. */
function keyOf({ execution, handle }: Performance, { prefix }: ResultKeeping): string {
  const { id, rootId, generation, attempts } = handle.run;
  return `${prefix}${rootId}/${id}.${generation}.${attempts}.${execution.fence.epoch}.json`;
}

/** Gives work up when the run was told to stop, and the grace after that is over. */
async function withinGrace<T>(
  { execution, definition, cancellation }: Performance,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const given = new AbortController();
  let timer: Timer | undefined;
  const stopListening = cancellation.onAbort((reason) => {
    timer = execution.clock.setTimer(definition.grace, () => given.abort(reason));
  });
  try {
    return await work(given.signal);
  } finally {
    stopListening();
    timer?.clear();
  }
}

async function put(run: Performance, text: string): Promise<InObjectStore> {
  const { results, clock } = run.execution.engine;
  const { store } = results;
  if (store === undefined) throw tooLarge(run.handle.run.name, results);
  const body = Buffer.from(text);
  const object = keyOf(run, results);
  await withinGrace(run, (signal) =>
    persistently(clock, () => store.put(object, body, { signal }), signal),
  );
  return { object, bytes: body.byteLength, sha256: hash('sha256', body) };
}

/**
 * A result as it is kept: at once where the run store takes it, else once it lies in the object store.
 *
 * @param json the encoded result
 * @throws `RESULT_TOO_LARGE`; what the object store throws; the reason for which the run was told to stop
 */
export function keptResult(run: Performance, json: JsonValue): StoredValue | Promise<StoredValue> {
  const { results } = run.execution.engine;
  let text: string | undefined;
  try {
    text = textBeyond(json, results.inlineUpTo);
  } catch (error) {
    throw tooLarge(run.handle.run.name, results, error);
  }
  return text === undefined ? { inline: json } : put(run, text);
}
