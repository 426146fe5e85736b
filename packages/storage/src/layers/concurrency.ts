import { layeredStore } from '@holdfast/core';
import type { ObjectBody, ObjectStore } from '@holdfast/core';
import { Places, Turn } from './places.ts';
import { optionsInvalid, refuseUnknown } from './refuse-options.ts';
import { steppedBody } from './stepped-body.ts';

/** How many calls are at work at once. */
export interface ConcurrencyLayerOptions {
  /** From 1; others wait for their turn. */
  readonly calls: number;
}

type Signalled = { readonly signal?: AbortSignal };

async function during<T>(turn: Turn, call: () => Promise<T>): Promise<T> {
  await turn.enter();
  try {
    return await call();
  } finally {
    turn.end();
  }
}

/** A body in whose own time the place is given to others. */
function yielding(body: ObjectBody, turn: Turn): ObjectBody {
  return steppedBody(body, async (take) => {
    turn.leave();
    const step = await take();
    await turn.enter();
    return step;
  });
}

async function* stepwise<T>(
  turn: Turn,
  open: () => AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  try {
    await turn.enter();
    for await (const item of open()) {
      turn.leave();
      yield item;
      await turn.enter();
    }
  } finally {
    turn.end();
  }
}

/**
 * A store of which no more than some calls are at work at once; others wait, first come, first served.
 *
 * A stream is at work while the store has to take or give a chunk. A read or listing that waits for its reader, and a
 * write that waits for its body, hold no place: so what is read from a store can be written to it, and what is listed
 * be looked at, without waiting for itself. It counts calls and not connections, of which paused streams may hold more.
 *
 * @throws `OPTIONS_INVALID` when `calls` is no whole number from 1
 */
export function withConcurrency(store: ObjectStore, options: ConcurrencyLayerOptions): ObjectStore {
  const { calls } = options;
  refuseUnknown('withConcurrency', options, ['calls']);
  if (!Number.isInteger(calls) || calls < 1) {
    const problem = `${String(calls)} calls at once make no sense`;
    throw optionsInvalid('withConcurrency', problem, 'Give a whole number from 1: { calls: 4 }.');
  }
  const places = new Places(calls);
  const turnOf = (given: Signalled | undefined): Turn => new Turn(places, given?.signal);
  const { copy, retainedUntil, sweep, freeBytes } = store;
  return layeredStore(store, {
    put(key, body, given) {
      const turn = turnOf(given);
      return during(turn, () => store.put(key, yielding(body, turn), given));
    },
    get: (key, given) => stepwise(turnOf(given), () => store.get(key, given)),
    head: (key, given) => during(turnOf(given), () => store.head(key, given)),
    list: (prefix, given) => stepwise(turnOf(given), () => store.list(prefix, given)),
    delete: (key, given) => during(turnOf(given), () => store.delete(key, given)),
    copy: copy && ((from, to, given) => during(turnOf(given), () => store.copy!(from, to, given))),
    retainedUntil:
      retainedUntil &&
      ((key, given) => during(turnOf(given), () => store.retainedUntil!(key, given))),
    sweep: sweep && ((given) => during(turnOf(given), () => store.sweep!(given))),
    freeBytes: freeBytes && (() => during(turnOf(undefined), () => store.freeBytes!())),
  });
}
