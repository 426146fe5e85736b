import { isTerminalType } from '../model/state.ts';
import { titleOf } from './named-run.ts';
import { oneLine } from './mermaid-text.ts';
import { hiddenText, LANES, shownLanes } from './shown-lanes.ts';
import { spanText, timeText } from './span-text.ts';
import type { Lane, Phase, Timeline } from './timeline.ts';

/** How a timeline is drawn as text. */
export interface TimelineTextOptions {
  /** Characters of a line, at least 60. Default 100. */
  readonly width?: number;
  /** At most so many runs are drawn: those that did not complete first. Default 60. */
  readonly lanes?: number;
}

const MARKS: { readonly [phase in Phase]: string } = {
  waiting: '░',
  'backing-off': '·',
  running: '█',
};
/** What nobody knows: how long a process went on before it died. */
const UNKNOWN = '?';
const LEAST_WIDTH = 60;
const LONGEST_LABEL = 28;

function labelOf(lane: Lane): string {
  const indent = '  '.repeat(Math.min(lane.depth, 6));
  const title = oneLine(titleOf(lane), LONGEST_LABEL - indent.length);
  return `${indent}${title}`;
}

function factsOf({ state, attempts, duration }: Lane): string {
  const tries = attempts > 1 ? ` ×${attempts}` : '';
  return `${state}${tries}${duration === undefined ? '' : ` ${spanText(duration)}`}`;
}

/** The bar of one run. Where phases share a character, running shows. */
function barOf({ spans }: Lane, { from, to, leftBehind }: Timeline, width: number): string {
  const cells = Array.from({ length: width }, () => ' ');
  const scale = to > from ? width / (to - from) : 0;
  for (const phase of ['waiting', 'backing-off', 'running'] as const) {
    for (const span of spans) {
      if (span.phase !== phase) continue;
      const first = Math.min(width - 1, Math.floor((span.from - from) * scale));
      const end = Math.max(first + 1, Math.min(width, Math.round((span.to - from) * scale)));
      cells.fill(span.open && leftBehind ? UNKNOWN : MARKS[phase], first, end);
    }
  }
  return cells.join('');
}

function headOf(timeline: Timeline): string {
  const { from, to, leftBehind, lanes } = timeline;
  const [top] = lanes;
  const end = top === undefined || isTerminalType(top.stateType) ? '' : ', not ended';
  const left = leftBehind ? ': nobody goes on with it' : '';
  return `${timeText(from)}, ${spanText(to - from)}${end}${left}`;
}

/**
 * A timeline as plain text, a line per run: its name, a bar (`█` running, `·` backing off, `░` waiting, `?` what
 * was under way when its process died), its state,
 * attempts where there were several, and duration. For a terminal with a font of fixed width; the texts of users are
 * cut, and hold no control characters.
 */
export function timelineText(timeline: Timeline, options: TimelineTextOptions = {}): string {
  const lanes = shownLanes(timeline, options.lanes ?? LANES);
  const rows = lanes.shown.map((lane) => ({ lane, label: labelOf(lane), facts: factsOf(lane) }));
  const longest = (texts: readonly string[]): number =>
    texts.reduce((most, text) => Math.max(most, Array.from(text).length), 0);
  const labels = longest(rows.map(({ label }) => label));
  const facts = longest(rows.map((row) => row.facts));
  const width = Math.max(LEAST_WIDTH, Math.floor(options.width ?? 100));
  const bars = Math.max(10, width - labels - facts - 4);
  const lines = rows.map(({ lane, label, facts: told }) => {
    const pad = ' '.repeat(labels - Array.from(label).length);
    return `${label}${pad} |${barOf(lane, timeline, bars)}| ${told}`;
  });
  const hidden = hiddenText(lanes);
  const more = hidden === undefined ? [] : [`… and ${hidden}`];
  return `${[headOf(timeline), ...lines, ...more].join('\n')}\n`;
}
