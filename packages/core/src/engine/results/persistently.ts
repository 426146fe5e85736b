import { sleep, type Clock } from '../../clock/clock.ts';
import { objectStoreProblem } from '../../store/object-store.ts';

/** How long to wait before each further try, in milliseconds. */
const WAITS = [1000, 5000, 20_000];

/**
 * Asks an object store again where that may help: a result is worth more than the first answer.
 *
 * @throws what the last try threw; the signal's reason
 */
export async function persistently<T>(
  clock: Clock,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  for (const wait of WAITS) {
    try {
      return await work();
    } catch (error) {
      const problem = objectStoreProblem(error);
      if (problem !== 'unavailable' && problem !== 'incomplete') throw error;
    }
    await sleep(clock, wait, signal);
  }
  return work();
}
