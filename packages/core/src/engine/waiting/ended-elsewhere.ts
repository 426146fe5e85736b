import type { RunId } from '../../model/ids.ts';
import type { Run } from '../../model/run.ts';
import { isTerminal } from '../../model/state.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { EngineCore } from '../engine-core.ts';
import { outcomeOf } from '../outcomes.ts';
import { runUnknown } from '../../errors/errors.ts';
import { Wakeup } from './wakeup.ts';

const FIRST_LOOK = 100;
const LONGEST_LOOK = 5000;

/**
 * A run that another process executes, once the store says that it has ended: woken by the store, and looking by itself
 * from time to time.
 *
 * @param signal ends the waiting
 */
export async function endedRun(engine: EngineCore, id: RunId, signal: AbortSignal): Promise<Run> {
  const { store, clock } = engine;
  const news = new Wakeup();
  const stopWatching = await store.watch({ runs: [id] }, news.tell);
  try {
    for (let wait = FIRST_LOOK; ; wait = Math.min(wait * 2, LONGEST_LOOK)) {
      const run = await store.run(id);
      if (run === undefined) throw runUnknown(id);
      if (isTerminal(run.state)) return run;
      await news.sleep(clock, wait, signal);
    }
  } finally {
    stopWatching();
  }
}

/** How a run ended that another process executes, once it has: see {@link endedRun}. */
export async function outcomeInStore(
  engine: EngineCore,
  id: RunId,
  signal: AbortSignal,
): Promise<Outcome<unknown>> {
  return (await outcomeOf(engine, await endedRun(engine, id, signal))) as Outcome<unknown>;
}
