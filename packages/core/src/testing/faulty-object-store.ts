import { sleep } from '../clock/clock.ts';
import type { Clock } from '../clock/clock.ts';
import { systemClock } from '../clock/system-clock.ts';
import { ObjectStoreError } from '../store/object-store.ts';
import type {
  GetOptions,
  ObjectBody,
  ObjectInfo,
  ObjectStore,
  PutOptions,
} from '../store/object-store.ts';
import * as disturb from './object-store/disturbed-bytes.ts';
import { faultPlan } from './object-store/fault-plan.ts';
import type { FaultPlan } from './object-store/fault-plan.ts';
import type { ObjectStoreCall, ObjectStoreFault, ObjectStoreMethod } from './object-store/fault.ts';

export type * from './object-store/fault.ts';

/** An object store that fails by a script. */
export interface FaultyObjectStore extends ObjectStore {
  /** Every call that reached it, struck or not, in order. A read counts when its first chunk is asked for. */
  readonly calls: readonly ObjectStoreCall[];
  /** The faults that have not struck as often as planned: a test that meant them all expects none. */
  unspent(): readonly ObjectStoreFault[];
}

type Signalled = { readonly signal?: AbortSignal };

function outOfReach(inner: ObjectStore, { method, key }: ObjectStoreCall): ObjectStoreError {
  return new ObjectStoreError(
    'unavailable',
    `${inner.url} cannot be reached: ${method}('${key}') was made to fail.`,
    { context: { method, key } },
  );
}

function retold(info: ObjectInfo, faults: readonly ObjectStoreFault[]): ObjectInfo {
  let told = info;
  for (const fault of faults) {
    if (fault.fault !== 'wrong-size') continue;
    const { bytes } = fault;
    told = { ...told, bytes: typeof bytes === 'number' ? bytes : bytes(told) };
  }
  return told;
}

function loseAnswer(
  inner: ObjectStore,
  call: ObjectStoreCall,
  faults: readonly ObjectStoreFault[],
): void {
  for (const fault of faults) {
    if (fault.fault === 'lost-answer') throw fault.error ?? outOfReach(inner, call);
  }
}

class FaultyStore implements FaultyObjectStore {
  readonly calls: ObjectStoreCall[] = [];
  readonly copy?: NonNullable<ObjectStore['copy']>;
  readonly retainedUntil?: NonNullable<ObjectStore['retainedUntil']>;
  readonly sweep?: NonNullable<ObjectStore['sweep']>;
  readonly freeBytes?: NonNullable<ObjectStore['freeBytes']>;
  readonly #inner: ObjectStore;
  readonly #plan: FaultPlan;
  readonly #clock: Clock;

  constructor(inner: ObjectStore, faults: readonly ObjectStoreFault[], clock: Clock) {
    this.#inner = inner;
    this.#plan = faultPlan(faults, clock);
    this.#clock = clock;
    // Optional methods are offered exactly when the inner store offers them.
    if (inner.copy) this.copy = (from, to, options) => this.#copy(from, to, options);
    if (inner.retainedUntil) {
      this.retainedUntil = (key, options) =>
        this.#pass('retainedUntil', key, options, () => inner.retainedUntil!(key, options));
    }
    if (inner.sweep) {
      this.sweep = (options) => this.#pass('sweep', '', options, () => inner.sweep!(options));
    }
    if (inner.freeBytes) {
      this.freeBytes = () => this.#pass('freeBytes', '', {}, () => inner.freeBytes!());
    }
  }

  get url(): string {
    return this.#inner.url;
  }

  get properties(): ObjectStore['properties'] {
    return this.#inner.properties;
  }

  unspent(): readonly ObjectStoreFault[] {
    return this.#plan.unspent();
  }

  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<ObjectInfo> {
    const faults = await this.#enter('put', key, options);
    if (faults.length === 0) return this.#inner.put(key, body, options);
    const { count, stream } = disturb.counted(body);
    let disturbed: AsyncIterable<Uint8Array> = stream;
    for (const fault of faults) {
      if (fault.fault === 'short-write') disturbed = disturb.onlyFirst(disturbed, fault.bytes);
      if (fault.fault === 'flip') disturbed = disturb.flipped(disturbed, fault.atByte);
    }
    const lost = faults.some(({ fault }) => fault === 'lose');
    const info = lost
      ? await this.#swallow(key, disturbed)
      : await this.#inner.put(key, disturbed, options);
    loseAnswer(this.#inner, { method: 'put', key }, faults);
    return retold({ ...info, bytes: count.bytes }, faults);
  }

  async *get(key: string, options: GetOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const faults = await this.#enter('get', key, options);
    let disturbed = this.#inner.get(key, options);
    for (const fault of faults) {
      disturbed = this.#disturbRead(disturbed, fault, { method: 'get', key }, options);
    }
    yield* disturbed;
  }

  async head(key: string, options: Signalled = {}): Promise<ObjectInfo | undefined> {
    const faults = await this.#enter('head', key, options);
    const info = await this.#inner.head(key, options);
    return info && retold(info, faults);
  }

  async *list(
    prefix: string,
    options: Signalled = {},
  ): AsyncGenerator<ObjectInfo, void, undefined> {
    const faults = await this.#enter('list', prefix, options);
    for await (const info of this.#inner.list(prefix, options)) yield retold(info, faults);
  }

  async delete(key: string, options: Signalled = {}): Promise<void> {
    const faults = await this.#enter('delete', key, options);
    await this.#inner.delete(key, options);
    loseAnswer(this.#inner, { method: 'delete', key }, faults);
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }

  async #copy(from: string, to: string, options?: PutOptions): Promise<ObjectInfo> {
    const faults = await this.#enter('copy', from, options);
    const info = await this.#inner.copy!(from, to, options);
    loseAnswer(this.#inner, { method: 'copy', key: from }, faults);
    return info;
  }

  async #pass<T>(
    method: ObjectStoreMethod,
    key: string,
    options: Signalled | undefined,
    call: () => Promise<T>,
  ): Promise<T> {
    await this.#enter(method, key, options);
    return call();
  }

  /** Notes a call, lets it wait and fail as planned; the faults that are left strike on the way. */
  async #enter(
    method: ObjectStoreMethod,
    key: string,
    options: Signalled = {},
  ): Promise<readonly ObjectStoreFault[]> {
    const call = { method, key };
    this.calls.push(call);
    const faults = this.#plan.strike(call);
    for (const fault of faults) {
      if (fault.fault === 'delay') await sleep(this.#clock, fault.ms, options.signal);
      if (fault.fault === 'outage') throw outOfReach(this.#inner, call);
      if (fault.fault === 'fail') throw fault.error ?? outOfReach(this.#inner, call);
    }
    return faults;
  }

  #disturbRead(
    stream: AsyncIterable<Uint8Array>,
    fault: ObjectStoreFault,
    call: ObjectStoreCall,
    options: GetOptions,
  ): AsyncIterable<Uint8Array> {
    switch (fault.fault) {
      case 'break':
        return disturb.upTo(stream, fault.afterBytes, () => {
          throw fault.error ?? outOfReach(this.#inner, call);
        });
      case 'cut':
        return disturb.upTo(stream, fault.afterBytes, () => undefined);
      case 'flip':
        return disturb.flipped(stream, fault.atByte);
      case 'delay':
        return disturb.slowed(stream, () => sleep(this.#clock, fault.ms, options.signal));
      default:
        return stream;
    }
  }

  async #swallow(key: string, stream: AsyncIterable<Uint8Array>): Promise<ObjectInfo> {
    let bytes = 0;
    for await (const chunk of stream) bytes += chunk.byteLength;
    return { key, bytes, modifiedAt: this.#clock.now() };
  }
}

/**
 * A double of an object store that fails by a script, for testing what uses stores. It passes every
 * call on to `inner` but for the faults of the plan; without any it keeps every promise that `inner`
 * keeps. A fault strikes once, at the first call that matches, unless it says otherwise.
 *
 * ```ts
 * const store = faultyObjectStore(memoryObjectStore(), [
 *   { fault: 'outage', nth: 3, times: 5 },
 *   { fault: 'break', on: 'get', key: /\.zst$/, afterBytes: 100_000 },
 * ]);
 * ```
 *
 * @param options `clock`: what delays and outages are measured on; default: the system's
 */
export function faultyObjectStore(
  inner: ObjectStore,
  plan: readonly ObjectStoreFault[],
  options: { readonly clock?: Clock } = {},
): FaultyObjectStore {
  return new FaultyStore(inner, plan, options.clock ?? systemClock);
}
