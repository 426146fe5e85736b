import type { Engine, Progress, Run, State } from '@holdfast/core';
import { bytes, number, span } from './text.ts';

interface Line {
  readonly label: string;
  readonly since: number;
  text: string;
  ended: boolean;
}

const FRAME = 100;

function label(run: Run): string {
  return run.runName ?? run.name;
}

function amount({ done, total, unit }: Progress): string {
  const show = unit === 'bytes' ? bytes : (value: number) => `${number(value)} ${unit}`;
  return total === undefined ? show(done) : `${show(done)} of ${show(total)}`;
}

function describe(run: Run, state: State, since: number): string {
  switch (state.type) {
    case 'COMPLETED':
    case 'SKIPPED':
    case 'CANCELLED':
      return `${state.name}  ${span(Date.now() - since)}`;
    case 'FAILED':
    case 'CRASHED':
      return `${state.name}: ${state.error.message}`;
    case 'SCHEDULED':
      return state.name === 'AwaitingRetry'
        ? `${state.name}: attempt ${run.attempts} failed, ${state.error.message}`
        : state.name;
    case 'PENDING':
    case 'RUNNING':
    case 'PAUSED':
    case 'CANCELLING':
      return run.attempts > 1 ? `${state.name}, attempt ${run.attempts}` : state.name;
  }
}

/** Shows the tasks of an engine as they go: redrawn in a terminal, a line for each change elsewhere. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #lines = new Map<string, Line>();
  readonly #replayed: string[] = [];
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** Tasks whose stored outcome was given instead of executing them again. */
  get replayed(): readonly string[] {
    return this.#replayed;
  }

  watch(engine: Engine): void {
    engine.events.on('state', ({ run, state }) => this.#state(run, state));
    engine.events.on('progress', ({ runId, progress }) => this.#progress(runId, progress));
    engine.events.on('replayed', ({ run }) => {
      this.#replayed.push(label(run));
      this.say(`  ${label(run)}: not run again, it had completed before`);
    });
    if (!this.#out.isTTY) return;
    this.#timer = setInterval(() => this.#draw(), FRAME);
    this.#timer.unref();
  }

  /** Prints a line above what is being redrawn. */
  say(text: string): void {
    this.#erase();
    this.#out.write(`${text}\n`);
    this.#draw();
  }

  /** Draws for the last time. */
  end(): void {
    clearInterval(this.#timer);
    this.#draw();
    this.#drawn = 0;
    this.#lines.clear();
  }

  #state(run: Run, state: State): void {
    if (run.kind !== 'task') return;
    let line = this.#lines.get(run.id);
    if (line === undefined) {
      line = { label: label(run), since: Date.now(), text: '', ended: false };
      this.#lines.set(run.id, line);
    }
    const text = describe(run, state, line.since);
    if (text === line.text) return;
    line.text = text;
    line.ended = 'COMPLETED FAILED CRASHED CANCELLED SKIPPED'.includes(state.type);
    if (!this.#out.isTTY && state.type !== 'PENDING') {
      this.#out.write(`  ${line.label}: ${text}\n`);
    }
  }

  #progress(runId: string, progress: Progress): void {
    const line = this.#lines.get(runId);
    if (line !== undefined && !line.ended) line.text = `Running, ${amount(progress)}`;
  }

  #erase(): void {
    if (this.#drawn > 0) this.#out.write(`\u001b[${this.#drawn}A\u001b[0J`);
    this.#drawn = 0;
  }

  #draw(): void {
    if (!this.#out.isTTY) return;
    this.#erase();
    const width = Math.max(0, ...[...this.#lines.values()].map((line) => line.label.length));
    for (const line of this.#lines.values()) {
      const mark = line.ended ? '●' : '○';
      const text = `  ${mark} ${line.label.padEnd(width)}  ${line.text}`;
      this.#out.write(`${text.slice(0, this.#out.columns - 1)}\n`);
      this.#drawn++;
    }
  }
}
