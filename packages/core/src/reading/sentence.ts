import type { Failure } from '../model/failure.ts';
import { limitText } from '../model/limit-name.ts';
import { isTerminal, type EpochMs } from '../model/state.ts';
import type { Explanation } from './explanation.ts';
import type { FirstFailure } from './first-failure.ts';
import type { LimitInTheWay } from './limit-wait.ts';
import { titleOf, type NamedRun } from './named-run.ts';
import { workersText } from './queue-wait.ts';
import type { LeaseHolder } from './run-tree.ts';
import { countText, spanText, timeText } from './span-text.ts';
import type { Wait } from './wait.ts';

type Explained = Omit<Explanation, 'sentence'>;

const LONGEST = 160;

/** A text of users as part of one line: cut, and without what would end the sentence. */
function inLine(text: string): string {
  const line = text
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .replace(/[.;]+$/, '');
  return line.length > LONGEST ? `${line.slice(0, LONGEST).toWellFormed()}…` : line;
}

function named(run: { readonly name: string; readonly runName?: string }): string {
  return `'${inLine(titleOf(run))}'`;
}

/** Some by name, the rest by number; those of one name together. */
function list(runs: readonly NamedRun[]): string {
  const counts = new Map<string, number>();
  for (const run of runs) counts.set(named(run), (counts.get(named(run)) ?? 0) + 1);
  const shown = [...counts].slice(0, counts.size > 3 ? 2 : 3);
  const parts = shown.map(([name, count]) =>
    count === 1 ? name : `${name} × ${countText(count)}`,
  );
  const rest = shown.reduce((left, [, count]) => left - count, runs.length);
  if (rest > 0) parts.push(`${countText(rest)} more`);
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

function runsText(count: number): string {
  return count === 1 ? '1 run' : `${countText(count)} runs`;
}

function errorText({ code, name, message }: Failure): string {
  const what = inLine(message);
  const kind = code ?? name;
  return what === '' ? inLine(kind) : `${inLine(kind)}: ${what}`;
}

function when(at: EpochMs, now: EpochMs): string {
  return at > now
    ? `at ${timeText(at)} (in ${spanText(at - now)})`
    : `since ${timeText(at)} (${spanText(now - at)} ago)`;
}

/** Which attempt, where there was more than one. */
function atAttempt(attempt: number): string {
  return attempt > 1 ? ` at attempt ${attempt}` : '';
}

function causeText(failure: FirstFailure, explained: Explained): string {
  const { run, error, attempt, reached, chain } = failure;
  if (run.id === explained.run.id) return `with ${errorText(error)}`;
  const skipped = chain
    .filter((step) => step.how === 'skipped' && step.run.id !== explained.run.id)
    .map((step) => step.run);
  const via = skipped.length === 0 ? '' : `, for which ${list(skipped)} could not run`;
  const first = `${named(run)} failed${reached ? '' : ' first'}${atAttempt(attempt)} (${errorText(error)})${via}`;
  return reached ? `because ${first}` : first;
}

const HOW_FAILED = {
  Failed: 'failed',
  TimedOut: 'timed out',
  MissedWindow: 'missed its window',
  WindowClosed: 'was cut off',
  Crashed: 'was given up',
} as const;

/** How it ended, and why. */
function endText(explained: Explained): string {
  const { state, duration } = explained.run;
  const after = duration === undefined ? '' : ` after ${spanText(duration)}`;
  const first = explained.whatFailedFirst;
  const why = first === undefined ? '' : causeText(first, explained);
  switch (state.type) {
    case 'COMPLETED':
      return `completed${after}${first === undefined ? '' : `, although ${why}`}`;
    case 'CANCELLED':
      return `was cancelled${after}: ${inLine(state.reason)}${first === undefined ? '' : `; before that, ${why}`}`;
    case 'SKIPPED':
      return first === undefined ? `was skipped: ${inLine(state.reason)}` : `was skipped ${why}`;
    case 'FAILED':
    case 'CRASHED': {
      const how = HOW_FAILED[state.name];
      const own = first?.reached === true ? '' : ` with ${errorText(state.error)}`;
      return `${how}${after}${own}${why === '' ? '' : `${own === '' ? ' ' : '; before that, '}${why}`}`;
    }
    default:
      return '';
  }
}

function holderText(holder: LeaseHolder, now: EpochMs): string {
  const process = holder.pid === undefined ? 'its process' : `its process ${holder.pid}`;
  if (holder.kind === 'nobody') return 'the engine that ran it was stopped';
  if (holder.kind === 'dead') return `${process} is dead`;
  return `${process} has not renewed its lease, which ended ${spanText(now - holder.expiresAt)} ago`;
}

function limitWaitText(limit: LimitInTheWay): string {
  const what = limitText(limit.kind === 'cache' ? limit : { ...limit, name: inLine(limit.name) });
  const runs = limit.heldBy.flatMap(({ run }) => run ?? []);
  if (runs.length > 0) return `${what}, ${limit.kind === 'cache' ? '' : 'taken by '}${list(runs)}`;
  return limit.heldBy.length === 0 ? what : `${what}, taken elsewhere`;
}

function slotText({ limits }: Wait & { for: 'slot' }): string {
  if (limits.length === 0) return 'waits for its slot';
  return `waits for ${limits.map(limitWaitText).join(', and for ')}`;
}

function pauseText({ until, inputs }: Wait & { for: 'pause' }, now: EpochMs): string {
  const time = until === undefined ? '' : `${timeText(until)} (in ${spanText(until - now)})`;
  const [first] = inputs;
  if (first === undefined) return time === '' ? 'is paused' : `sleeps until ${time}`;
  const names = inputs.map((input) => `'${inLine(input)}'`).join(' or ');
  return `waits for the input ${names}${time === '' ? '' : `, until ${time}`}`;
}

/** What one run waits for, as what follows its name. */
function waitText(wait: Wait, now: EpochMs): string {
  switch (wait.for) {
    case 'recovery':
      return `is left behind, because ${holderText(wait.holder, now)}`;
    case 'retry':
      return `waits for attempt ${wait.attempt}, due ${when(wait.dueAt, now)}, after ${errorText(wait.error)}`;
    case 'start':
      return `${wait.late ? 'is late: it was to start' : 'starts'} ${when(wait.dueAt, now)}`;
    case 'queue': {
      const worker = `for a worker on the queue '${inLine(wait.queue)}'`;
      return `waits ${worker}${wait.dueAt > now ? ', to start' : ''} ${when(wait.dueAt, now)}${workersText(wait.workers)}`;
    }
    case 'slot':
      return slotText(wait);
    case 'window': {
      const closes = wait.closesAt === undefined ? '' : ` until ${timeText(wait.closesAt)}`;
      return `waits for its window, open ${when(wait.dueAt, now)}${closes}`;
    }
    case 'inputs':
      return `waits for what it needs${wait.certain ? '' : ', probably'} from ${list(wait.of)}`;
    case 'turn':
      return 'is about to start';
    case 'children':
      return `waits for ${list(wait.of)}`;
    case 'function':
      return `is executing its function${atAttempt(wait.attempt)}`;
    case 'stop':
      return `was told to stop (${inLine(wait.reason)}) and has not ended yet`;
    case 'pause':
      return pauseText(wait, now);
  }
}

/** The wait that tells most: what is at the bottom of the others, retries before what simply runs. */
const TELLING: readonly Wait['for'][] = [
  'recovery',
  'stop',
  'retry',
  'function',
  'pause',
  'slot',
  'window',
];

function mostTelling(waits: readonly Wait[]): Wait | undefined {
  for (const kind of TELLING) {
    const wait = waits.find((each) => each.for === kind);
    if (wait !== undefined) return wait;
  }
  return waits.at(-1);
}

function openText(explained: Explained, now: EpochMs): string {
  const { run, whatItWaitsFor, whatFailedFirst } = explained;
  const [own, ...below] = whatItWaitsFor;
  if (own === undefined) return `is ${run.displayState}`;
  const wait = own.for === 'children' ? mostTelling(below) : undefined;
  const since =
    run.duration === undefined ? '' : `has been under way for ${spanText(run.duration)}`;
  const parts = own.for === 'recovery' || since === '' ? [] : [since];
  if (wait === undefined) parts.push(waitText(own, now));
  else {
    const others = below.length - 1;
    const more =
      others === 0
        ? ''
        : ` (${countText(others)} more below it ${others === 1 ? 'has' : 'have'} not ended)`;
    parts.push(`waits for ${named(wait.run)}, which ${waitText(wait, now)}${more}`);
  }
  const failed = whatFailedFirst === undefined ? '' : `; ${causeText(whatFailedFirst, explained)}`;
  return `${parts.join(' and ')}${failed}`;
}

/** What was undone: of the run itself, or below it. */
function undoneText({ run, whatWasRolledBack }: Explained): string {
  const below = whatWasRolledBack.filter(({ id }) => id !== run.id);
  const own = run.rolledBackAt === undefined ? '' : ', and was rolled back';
  if (below.length === 0) return own;
  return `${own}; ${list(below)} ${below.length === 1 ? 'was' : 'were'} rolled back`;
}

/** What a recovery or a retry would do, where that is worth a word. */
function againText(explained: Explained): string {
  const { run, whatItWaitsFor, whatWouldRunAgain: again } = explained;
  const leftBehind = whatItWaitsFor[0]?.for === 'recovery';
  if (!leftBehind && (!isTerminal(run.state) || again.runs.length === 0)) return '';
  const { refused, recoveries } = again;
  const { used, allowed } = recoveries;
  const retry = run.id === run.rootId ? 'engine.retry()' : 'a retry';
  const by = leftBehind ? 'engine.recover()' : retry;
  const mine = again.ended.find((each) => each.run.id === run.id);
  if (mine !== undefined) {
    const crashed =
      refused === undefined
        ? ` because all ${used} recoveries are used`
        : ` (${errorText(refused)})`;
    const why = mine.as === 'CRASHED' ? crashed : ', as it was asked to stop';
    return `; ${by} would end it as ${mine.as}${why}`;
  }
  const below = again.runs.filter(({ id }) => id !== run.id);
  const well = run.state.type === 'COMPLETED' && run.rolledBackAt === undefined;
  if (well && explained.whatFailedFirst === undefined) return '';
  const what = below.length === 0 ? 'nothing below it' : list(below);
  const kept = again.kept === 0 ? '' : ` and keep ${runsText(again.kept)} that completed`;
  const counted =
    leftBehind && allowed !== undefined ? ` (${used} of ${allowed} recoveries are used)` : '';
  return run.kind === 'task' && below.length === 0
    ? `; ${by} would execute it again${counted}`
    : `; ${by} would execute ${what}${kept}${counted}`;
}

/** One plain sentence about a run: where it stands, why, and what would be done again. */
export function sentenceOf(explained: Explained, now: EpochMs): string {
  const { run } = explained;
  const tells = isTerminal(run.state) ? endText(explained) : openText(explained, now);
  return `${named(run)} ${tells}${undoneText(explained)}${againText(explained)}.`;
}
