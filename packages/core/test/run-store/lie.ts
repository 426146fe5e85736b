import { memoryRunStore } from '../../src/store/memory/memory-run-store.ts';
import type { RunStore } from '../../src/store/run-store.ts';

/** The methods in which a store lies. */
export type Lie = (inner: RunStore) => Partial<RunStore>;

/** Each breaks one promise, as an adapter easily might; the text says how. */
export interface LyingStore {
  readonly lie: string;
  /** A check that must not pass. Others may fail too. */
  readonly caughtBy: string;
  readonly tell: Lie;
}

/** A memory store with some of its methods replaced. */
export function lying(tell: Lie): RunStore {
  const inner = memoryRunStore();
  const lies = tell(inner);
  return new Proxy(inner, {
    get: (target, name) => {
      const lie = Reflect.get(lies, name);
      const value = lie ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(lie === undefined ? target : lies) : value;
    },
  });
}
