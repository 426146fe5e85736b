import { memoryRunStore } from '../store/memory/memory-run-store.ts';
import type { CallTarget, Engine } from './engine.ts';
import { createEngine } from './create-engine.ts';

let current: Engine | undefined;

/**
 * The engine on which flows and tasks run that are called outside of every engine. In memory, unless
 * `setDefaultEngine` has set another.
 */
export function defaultEngine(): Engine {
  current ??= createEngine({ store: memoryRunStore() });
  return current;
}

/** Sets, or with undefined forgets, the default engine. The one before is not stopped. */
export function setDefaultEngine(engine: Engine | undefined): void {
  current = engine;
}

/** The default engine as calls need it. */
export function defaultTarget(): CallTarget {
  return defaultEngine() as unknown as CallTarget;
}
