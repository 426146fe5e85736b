import type { Run } from '../../model/run.ts';
import type { EpochMs } from '../../model/state.ts';
import { fitting, type Fitting, type PastRun } from '../../policies/fitting.ts';
import type { EngineCore } from '../engine-core.ts';

/** How many runs of a name are read, the latest first. */
const RECENT = 300;
/** How long what was read is used, in milliseconds. */
const FRESH = 60_000;
/** Of how many names what was read is kept. */
const MOST_NAMES = 1000;

interface Known {
  readonly readAt: EpochMs;
  readonly runs: Promise<readonly PastRun[]>;
}

/** What counts of a run of the past. One that its process had died under took as long as nobody took it up. */
function pastRun({ key, startedAt, endedAt, recoveries }: Run): readonly PastRun[] {
  if (startedAt === undefined || endedAt === undefined || recoveries > 0) return [];
  return [{ key, duration: Math.max(0, endedAt - startedAt) }];
}

/** How long flows and tasks usually take, from the run store: one bounded read a minute for each name that is asked for. */
export class UsualDurations {
  readonly #engine: EngineCore;
  readonly #known = new Map<string, Known>();

  constructor(engine: EngineCore) {
    this.#engine = engine;
  }

  /** Holds what a flow or task usually takes against the time that is left. Throws what the store throws. */
  async fitting(
    name: string,
    key: string | undefined,
    until: EpochMs | undefined,
  ): Promise<Fitting> {
    const past = await this.#past(name);
    return fitting(past, key, this.#engine.clock.now(), until);
  }

  #past(name: string): Promise<readonly PastRun[]> {
    const now = this.#engine.clock.now();
    const known = this.#known.get(name);
    if (known !== undefined && Math.abs(now - known.readAt) < FRESH) return known.runs;
    if (this.#known.size >= MOST_NAMES) this.#known.clear();
    const runs = this.#read(name);
    this.#known.set(name, { readAt: now, runs });
    runs.catch(() => this.#known.delete(name));
    return runs;
  }

  async #read(name: string): Promise<readonly PastRun[]> {
    const runs = await this.#engine.store.runs({ name, states: ['COMPLETED'], limit: RECENT });
    return runs.flatMap(pastRun);
  }
}
