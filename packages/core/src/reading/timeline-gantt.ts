import { mermaidText } from './mermaid-text.ts';
import { titleOf } from './named-run.ts';
import { hiddenText, LANES, shownLanes } from './shown-lanes.ts';
import type { Lane, Span, Timeline } from './timeline.ts';

/** How a timeline is drawn as a Mermaid chart. */
export interface TimelineGanttOptions {
  /** At most so many runs are drawn: those that did not complete first. Default 60. */
  readonly lanes?: number;
}

const DAY = 86_400_000;

function labelOf({ phase, attempt, generation }: Span): string {
  const again = generation > 1 ? ` of generation ${generation}` : '';
  if (phase === 'running') return `attempt ${attempt}${again}`;
  return phase === 'backing-off' ? `backing off before attempt ${attempt}${again}` : 'waiting';
}

/** Red: the last attempt of a run that failed, and an attempt that a backoff follows. */
function tagOf(span: Span, lane: Lane, next: Span | undefined): string {
  if (span.phase !== 'running') return '';
  if (span.open) return 'active, ';
  const failed =
    next === undefined
      ? lane.stateType === 'FAILED' || lane.stateType === 'CRASHED'
      : next.phase === 'backing-off';
  return failed ? 'crit, ' : 'done, ';
}

function sectionOf(lane: Lane): readonly string[] {
  const tasks = lane.spans.map((span, at) => {
    const tag = tagOf(span, lane, lane.spans[at + 1]);
    return `    ${labelOf(span)} :${tag}${Math.floor(span.from)}, ${Math.floor(span.to)}`;
  });
  return [`  section ${mermaidText(titleOf(lane))} (${lane.state})`, ...tasks];
}

/** A timeline as a Mermaid `gantt` chart: a section per run, a bar per span. Times are shown in the reader's time zone. */
export function timelineGantt(timeline: Timeline, options: TimelineGanttOptions = {}): string {
  const lanes = shownLanes(timeline, options.lanes ?? LANES);
  const [top] = timeline.lanes;
  const hidden = hiddenText(lanes);
  const title = top === undefined ? '' : mermaidText(titleOf(top));
  const more = hidden === undefined ? '' : ` (and ${mermaidText(hidden)})`;
  const lines = [
    'gantt',
    `  title ${title}${more}`,
    '  dateFormat x',
    `  axisFormat ${timeline.to - timeline.from < DAY ? '%H:%M:%S' : '%m-%d %H:%M'}`,
    ...lanes.shown.flatMap(sectionOf),
  ];
  return `${lines.join('\n')}\n`;
}
