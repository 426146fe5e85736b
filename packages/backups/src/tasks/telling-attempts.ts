import { isHoldfastError, runContext } from '@holdfast/core';

/**
 * Does the work of an attempt. A coded error that it throws tells in its context which `attempt` of how many `attempts` it
 * has ended: who is told of it then knows whether it was tried again.
 *
 * @param retries as the task's policy has them
 */
export async function tellingAttempts<T>(retries: number, work: () => Promise<T>): Promise<T> {
  const { attempt } = runContext();
  try {
    return await work();
  } catch (error) {
    if (isHoldfastError(error)) Object.assign(error.context, { attempt, attempts: retries + 1 });
    throw error;
  }
}
