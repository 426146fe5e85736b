/** A piece of a text: from an offset, up to but not including another. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where any of the needles stands, overlaps joined, in order. */
export function findSpans(text: string, needles: Iterable<string>): Span[] {
  const found: Span[] = [];
  for (const needle of needles) {
    let start = text.indexOf(needle);
    while (start !== -1) {
      found.push({ start, end: start + needle.length });
      start = text.indexOf(needle, start + 1);
    }
  }
  return joinOverlaps(found);
}

/** Joins spans that overlap; those that only touch stay apart. */
export function joinOverlaps(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last === undefined || span.start >= last.end) joined.push(span);
    else joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
  }
  return joined;
}
