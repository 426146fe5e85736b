import type { CountRange } from '../../model/fingerprint.ts';
import type { Difference } from '../source.ts';

/** Counts by what was counted. */
export type Counts = Readonly<Record<string, number>>;

/** Joins the answers before and after a dump. What one of them does not name was not there: 0. */
export function rangesOf(before: Counts, after: Counts): readonly CountRange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return names.map((what) => {
    const counts = [before[what] ?? 0, after[what] ?? 0];
    return { what, least: Math.min(...counts), most: Math.max(...counts) };
  });
}

/** Ranges for a source in which so many have come or gone between: those that were there at neither end, too. */
export function widened(ranges: readonly CountRange[], by: number): readonly CountRange[] {
  return ranges.map(({ what, least, most }) => ({
    what,
    least: Math.max(0, least - by),
    most: Math.min(Number.MAX_SAFE_INTEGER, most + by),
  }));
}

function describe({ least, most }: CountRange): string {
  return least === most ? String(least) : `${least} to ${most}`;
}

/** Compares what a restored copy holds with what the source said. Names that the source did not name are told, too. */
export function compareCounts(expected: readonly CountRange[], found: Counts): Difference[] {
  const differences: Difference[] = [];
  const rest = new Set(Object.keys(found));
  for (const range of expected) {
    const count = found[range.what] ?? 0;
    rest.delete(range.what);
    if (count >= range.least && count <= range.most) continue;
    differences.push({ what: range.what, expected: describe(range), found: String(count) });
  }
  for (const what of rest) {
    if (found[what] === 0) continue;
    differences.push({ what, expected: 'none', found: String(found[what]) });
  }
  return differences;
}
