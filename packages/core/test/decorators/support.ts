import { onTestFinished } from 'vitest';
import {
  createEngine,
  isHoldfastError,
  memoryRunStore,
  type Engine,
  type HoldfastError,
} from '@holdfast/core';

/** The error that a definition is refused with. */
export function refusalOf(define: () => unknown): HoldfastError {
  try {
    define();
  } catch (error) {
    if (isHoldfastError(error)) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

/** An engine in memory that is stopped when the test has finished. */
export function engineInMemory(): Engine {
  const engine = createEngine({ store: memoryRunStore() });
  onTestFinished(() => engine.stop());
  return engine;
}
