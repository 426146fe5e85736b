import { bodyChunks, layeredStore, systemClock } from '@holdfast/core';
import type { Clock, GetOptions, ObjectBody, ObjectStore } from '@holdfast/core';
import { FlowRate } from './flow-rate.ts';
import { optionsInvalid, refuseUnknown } from './refuse-options.ts';
import { steppedBody } from './stepped-body.ts';
import { strokesOf } from './strokes.ts';

/** How fast bytes pass. What is left out is not bounded; at least one bound is given. */
export interface BandwidthLayerOptions {
  /** What is written by all calls together, in bytes a second. */
  readonly up?: number;
  /** What is read by all calls together, in bytes a second. */
  readonly down?: number;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

function slowedBody(body: ObjectBody, rate: FlowRate, signal: AbortSignal | undefined): ObjectBody {
  return steppedBody(strokesOf(body, rate.stroke), async (take) => {
    const step = await take();
    if (step.done !== true) await rate.pass(step.value.byteLength, signal);
    return step;
  });
}

async function* slowedRead(
  store: ObjectStore,
  rate: FlowRate,
  key: string,
  options: GetOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal } = options;
  for await (const chunk of bodyChunks(strokesOf(store.get(key, options), rate.stroke), signal)) {
    await rate.pass(chunk.byteLength, signal);
    yield chunk;
  }
}

function rateOf(name: string, bytes: number | undefined, clock: Clock): FlowRate | undefined {
  if (bytes === undefined) return undefined;
  if (Number.isFinite(bytes) && bytes >= 1) return new FlowRate(bytes, clock);
  const problem = `${name} is ${String(bytes)}`;
  throw optionsInvalid('withBandwidth', problem, 'Give bytes a second, from 1.');
}

/**
 * A store whose bytes pass no faster than at a rate, all calls taken together. Chunks larger than what passes in a
 * quarter of a second are divided. Copies within the store are not slowed.
 *
 * @throws `OPTIONS_INVALID` without any bound, or when one is below 1
 */
export function withBandwidth(store: ObjectStore, options: BandwidthLayerOptions): ObjectStore {
  refuseUnknown('withBandwidth', options, ['up', 'down', 'clock']);
  const { clock = systemClock } = options;
  const up = rateOf('up', options.up, clock);
  const down = rateOf('down', options.down, clock);
  if (up === undefined && down === undefined) {
    throw optionsInvalid('withBandwidth', 'nothing is bounded', 'Give { up: 10_000_000 }.');
  }
  return layeredStore(store, {
    ...(up && {
      put: (key, body, given) => store.put(key, slowedBody(body, up, given?.signal), given),
    }),
    ...(down && { get: (key, given) => slowedRead(store, down, key, given) }),
  });
}
