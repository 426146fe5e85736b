import type { JsonValue } from '../../model/json.ts';
import { LOG_LEVELS, type LogLevel } from '../../model/log-entry.ts';
import { countText } from '../../reading/span-text.ts';
import { Loggable } from '../../serial/loggable.ts';
import { setOwn } from '../../serial/set-own.ts';
import type { EngineCore } from '../engine-core.ts';
import type { RunHandle } from '../run-handle.ts';

/** One line, as somebody logs it. */
export interface Line {
  readonly level: LogLevel;
  readonly message: string;
  /** Facts beside the message: the outermost first; a later one goes before an earlier one. */
  readonly facts: readonly object[];
  /** The attempt that logs it; 0: the engine, about the run. */
  readonly attempt: number;
}

/** What a line takes beside its texts, in bytes. */
const OVERHEAD = 64;

/** Keeps the lines of a top-level run and everything below it, within bounds. Never throws; nothing waits for it. */
export class RunLog {
  readonly #engine: EngineCore;
  /** What each run has logged, in bytes: forgotten with the run. */
  readonly #ofRun = new WeakMap<RunHandle, number>();
  #total = 0;
  #failed = false;

  constructor(engine: EngineCore) {
    this.#engine = engine;
  }

  /** Keeps a line of a run, if it is grave enough and the run has not logged too much. */
  keep(handle: RunHandle, line: Line): void {
    const { from, maxLine, maxRun, maxTotal } = this.#engine.logKeeping;
    if (LOG_LEVELS.indexOf(line.level) < from) return;
    const before = this.#ofRun.get(handle) ?? 0;
    if (before > maxRun || this.#total > maxTotal) return;
    const loggable = new Loggable({ room: maxLine, scrub: this.#engine.scrubber.scrub });
    const message = loggable.text(line.message);
    const fields: { [key: string]: JsonValue } = {};
    for (const facts of line.facts) {
      for (const [key, value] of Object.entries(loggable.fields(facts))) setOwn(fields, key, value);
    }
    const bytes = OVERHEAD + maxLine - loggable.room;
    this.#ofRun.set(handle, before + bytes);
    this.#total += bytes;
    if (before + bytes > maxRun) this.#last(handle, 'it', maxRun);
    else if (this.#total > maxTotal) this.#last(handle, 'its top-level run', maxTotal);
    else this.#write(handle, line, message, fields);
  }

  #last(handle: RunHandle, what: string, most: number): void {
    const message = `No more lines of this run are kept: ${what} has logged ${countText(most)} bytes.`;
    this.#write(handle, { level: 'warn', attempt: 0 }, message, {});
  }

  #write(
    { run }: RunHandle,
    { level, attempt }: Pick<Line, 'level' | 'attempt'>,
    message: string,
    fields: { readonly [key: string]: JsonValue },
  ): void {
    const { clock, writer } = this.#engine;
    const { id: runId, rootId, generation } = run;
    const about = Object.keys(fields).length === 0 ? {} : { fields };
    const entry = { runId, rootId, generation, attempt, at: clock.now(), level, message, ...about };
    writer.write({ kind: 'log', entry }, 'process').catch((error: unknown) => {
      // What the run does next meets the same trouble, and says so.
      if (this.#failed) return;
      this.#failed = true;
      this.#engine.logger.warn({ runId, err: error }, 'lines of a run could not be kept');
    });
  }
}
