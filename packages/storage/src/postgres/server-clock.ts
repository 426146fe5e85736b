import type { Run } from './committer.ts';

/** Differences up to this many milliseconds are taken for none: the way to the server is longer. */
const NEGLIGIBLE = 250;

/** For how long a measurement holds, in milliseconds. */
const HOLDS = 60_000;

/**
 * By how much the server's clock is ahead of this process's. Hosts that share a store agree on the server's time: leases and
 * permits expire by it, whatever the clock of who took them says.
 */
export class ServerClock {
  readonly #run: Run;
  #ahead = 0;
  #measuredAt = -Infinity;

  constructor(run: Run) {
    this.#run = run;
  }

  /** In milliseconds, as it was measured last; negative where the server is behind. */
  get ahead(): number {
    return this.#ahead;
  }

  /** Looks again unless it looked less than a minute ago. */
  async agree(): Promise<number> {
    if (performance.now() - this.#measuredAt < HOLDS) return this.#ahead;
    const before = Date.now();
    const [row] = await this.#run(
      'select extract(epoch from clock_timestamp())::float8 * 1000 as now',
      [],
    );
    const between = (before + Date.now()) / 2;
    const difference = Math.round((row as { now: number }).now - between);
    this.#ahead = Math.abs(difference) <= NEGLIGIBLE ? 0 : difference;
    this.#measuredAt = performance.now();
    return this.#ahead;
  }
}
