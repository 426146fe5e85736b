import { afterEach, beforeEach, expect } from 'vitest';
import {
  createEngine,
  memoryRunStore,
  type Engine,
  type EngineOptions,
  type RunId,
  type RunStore,
} from '@holdfast/core';
import { crashingRunStore, seededRandom, TestClock } from '@holdfast/core/testing';

/** An engine on a clock that stands still. */
export interface Bench {
  readonly engine: Engine;
  readonly clock: TestClock;
  readonly store: RunStore;
  /** Each state as it is told of: `dump RUNNING/Running`. */
  readonly told: string[];
}

let seed = 0;

/** A store that counts as durable, and outlives its engines. */
export function durableStore(): RunStore {
  return crashingRunStore(memoryRunStore(), undefined);
}

export function bench(options: Partial<EngineOptions> = {}): Bench {
  const clock = (options.clock as TestClock | undefined) ?? new TestClock();
  const store = options.store ?? durableStore();
  const engine = createEngine({ random: seededRandom(++seed), ...options, store, clock });
  const told: string[] = [];
  engine.events.on('state', ({ run, state }) => {
    told.push(`${run.name} ${state.type}/${state.name}`);
  });
  return { engine, clock, store, told };
}

/** Something that a test opens when it likes. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  const { promise: opened, resolve } = Promise.withResolvers<void>();
  return { opened, open: resolve };
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Lets everything that waits for nothing go on. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** The states of what is in the store: `dump COMPLETED/Completed`, in the order the runs were made. */
export async function statesBelow({ engine }: Bench, id: RunId): Promise<string[]> {
  return (await engine.below(id)).map(({ name, state }) => `${name} ${state.type}/${state.name}`);
}

/** What `unhandledRejection` raises during each test of a file; none is expected. */
export function expectNoUnhandledRejections(): { readonly reasons: unknown[] } {
  const reasons: unknown[] = [];
  const listen = (reason: unknown): void => {
    reasons.push(reason);
  };
  let others: NodeJS.UnhandledRejectionListener[] = [];
  beforeEach(() => {
    others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', listen);
    reasons.length = 0;
  });
  afterEach(async () => {
    await turns(3);
    process.off('unhandledRejection', listen);
    for (const other of others) process.on('unhandledRejection', other);
    expect(reasons).toEqual([]);
  });
  return { reasons };
}
