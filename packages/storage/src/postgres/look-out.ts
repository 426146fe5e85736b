import type { RunId, StopWatching, Watchers, WatchTerms } from '@holdfast/core';
import type { Run } from './committer.ts';

/** How often the store is looked at while somebody watches, in milliseconds. */
const EVERY = 500;

/** What somebody watches. */
type Watched = Required<WatchTerms>;

/**
 * Wakes those who watch a store, without notifications: looks from time to time whether a run that is watched has ended,
 * and how far a queue has come that is watched.
 */
export class LookOut {
  readonly #run: Run;
  readonly #statement: string;
  readonly #watchers: Watchers;
  readonly #watched = new Set<Watched>();
  #seen = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(run: Run, schema: string, watchers: Watchers) {
    this.#run = run;
    this.#watchers = watchers;
    // Whatever is made, becomes due, is claimed, told to stop or released on a queue changes one of these.
    this.#statement = `
      select 'queue ' || queue as what, concat_ws('/', count(*), sum(epoch), max(run_id), sum(due_at), count(cancel_reason)) as state
        from "${schema}".lease where queue = any($1) and due_at is not null group by queue
      union all
      select 'run ' || id, state_type from "${schema}".run where id = any($2)
        and state_type not in ('SCHEDULED', 'PENDING', 'RUNNING', 'PAUSED', 'CANCELLING')`;
  }

  /** From when it resolves on, no commit of another process is missed. */
  async watch({ queues = [], runs = [] }: WatchTerms, wake: () => void): Promise<StopWatching> {
    const watched = { queues, runs };
    this.#watched.add(watched);
    try {
      await this.#look();
    } catch (error) {
      this.#watched.delete(watched);
      throw error;
    }
    const stop = this.#watchers.add(watched, wake);
    this.#arm();
    return () => {
      stop();
      this.#watched.delete(watched);
    };
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#stopped || this.#timer !== undefined || this.#watched.size === 0) return;
    this.#timer = setTimeout(() => {
      // The store cannot be read: those who wait look by themselves, and are told why.
      void this.#look()
        .catch(() => undefined)
        .finally(() => {
          this.#timer = undefined;
          this.#arm();
        });
    }, EVERY).unref();
  }

  async #look(): Promise<void> {
    const watched = [...this.#watched];
    const queues = new Set(watched.flatMap((terms) => terms.queues));
    const runs = new Set(watched.flatMap((terms) => terms.runs));
    const rows = await this.#run(this.#statement, [[...queues], [...runs]]);
    const seen = this.#seen;
    this.#seen = new Map(
      (rows as { what: string; state: string }[]).map(({ what, state }) => [what, state]),
    );
    for (const [what, state] of this.#seen) if (seen.get(what) !== state) this.#tell(what);
  }

  #tell(what: string): void {
    const name = what.slice(what.indexOf(' ') + 1);
    if (what.startsWith('queue ')) this.#watchers.queue(name);
    else this.#watchers.ended(name as RunId);
  }
}
