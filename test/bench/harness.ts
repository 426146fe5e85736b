/** What a benchmark found, as it is printed: one object a line with `--json`. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same measure of the baseline, in the same unit; null where there is none. */
  readonly baseline: number | null;
  /** Baseline time divided by our time: more is better; null where there is no baseline. */
  readonly ratio: number | null;
  /** What is aimed at, in words. */
  readonly target: string;
  readonly met: boolean;
}

/** Times of two things that were measured in turns. Milliseconds. */
export interface Pair {
  readonly ours: number;
  readonly baseline: number;
}

/** The middle one of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** One of the things that are measured in turns. */
export interface Turn {
  readonly work: () => unknown;
  /** What has to be done before each turn, without being measured. */
  readonly before?: () => unknown;
}

/**
 * Measures several things in turns, so that a machine whose speed drifts slows them all; gives the median of each, in
 * milliseconds. The first block warms up and does not count.
 */
export async function inTurns(turns: readonly Turn[], blocks: number): Promise<number[]> {
  const times = turns.map((): number[] => []);
  for (let block = 0; block <= blocks; block++) {
    for (const [at, { work, before }] of turns.entries()) {
      await before?.();
      const time = await timed(work);
      if (block > 0) times[at]?.push(time);
    }
  }
  return times.map(median);
}

/** Measures the baseline and ours {@link inTurns}. @param before of each turn */
export async function interleaved(
  ours: () => unknown,
  baseline: () => unknown,
  blocks = 7,
  before: () => unknown = () => undefined,
): Promise<Pair> {
  const turns = [baseline, ours].map((work) => ({ work, before }));
  const [base = Number.NaN, own = Number.NaN] = await inTurns(turns, blocks);
  return { ours: own, baseline: base };
}

function shown(value: number | null): string {
  if (value === null) return '';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** Prints figures: a table for people, or a line of JSON each. */
export function print(figures: readonly Figure[], json: boolean): void {
  if (json) {
    for (const figure of figures) console.log(JSON.stringify(figure));
    return;
  }
  const rows = figures.map((figure) => [
    figure.name,
    `${shown(figure.value)} ${figure.unit}`,
    shown(figure.baseline),
    shown(figure.ratio),
    figure.target,
    figure.met ? 'met' : 'missed',
  ]);
  const all = [['benchmark', 'value', 'baseline', 'ratio', 'target', ''], ...rows];
  const widths = all[0]?.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0))) ?? [];
  for (const row of all) {
    console.log(
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}
