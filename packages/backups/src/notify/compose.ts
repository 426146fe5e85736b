import { hostname } from 'node:os';
import { isAhead } from '../catalog/ahead.ts';
import { spanText } from '../model/span-text.ts';
import type { Notice } from './notifier.ts';
import { type NoticeKind, type Severity, severityOf, type Standing } from './standing.ts';

/** An error as it travels in reports. */
export interface Problem {
  readonly code: string | null;
  readonly message: string;
  readonly hint: string | null;
  /** Which attempt of its task it ended, and how many that has at most; absent where it does not tell. */
  readonly attempt?: number;
  readonly attempts?: number;
}

/** Takes an error's stable parts. */
export function problemOf(error: unknown): Problem {
  const { code, hint, context } = error as {
    readonly code?: unknown;
    readonly hint?: unknown;
    readonly context?: { readonly attempt?: unknown; readonly attempts?: unknown };
  };
  const { attempt, attempts } = context ?? {};
  return {
    code: typeof code === 'string' ? code : null,
    message: error instanceof Error ? error.message : String(error),
    hint: typeof hint === 'string' ? hint : null,
    ...(typeof attempt === 'number' && typeof attempts === 'number' ? { attempt, attempts } : {}),
  };
}

/** What a message is made of. */
export interface Occasion {
  readonly set: string;
  /** The consequence, in a few words: 'no proven backup tonight'. */
  readonly what: string;
  readonly problem: Problem | null;
  readonly runId: string | null;
  /** When the set was last proven restorable, ISO 8601; null: never; undefined: no store could tell. */
  readonly lastProvenAt: string | null | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Default 'failed'. */
  readonly kind?: NoticeKind;
  /** How the matter stands: of `still-failing`, what it still is. Default: what the kind says. */
  readonly standing?: Standing;
  /** What of the set it is about. Default 'backup'. */
  readonly topic?: string;
  /** The application, where one host has several. Default: not named. */
  readonly app?: string;
  /** What failed: the name of the task. */
  readonly task?: string;
  /** How old the last restorable copy may be, in milliseconds. */
  readonly maxAge?: number;
  /** Since when it does not stand well, ISO 8601. */
  readonly since?: string;
  /** When it is tried again, ISO 8601. */
  readonly nextAttemptAt?: string;
  /** What a person types to go on with the run; `{runId}` stands for its id. */
  readonly resume?: string;
  /** The last lines of the run, scrubbed, oldest first. */
  readonly lines?: readonly string[];
}

function ageOf({ lastProvenAt, now, maxAge }: Occasion): string {
  if (lastProvenAt === undefined)
    return 'When it was last proven restorable could not be found out.';
  if (lastProvenAt === null) return 'No backup of it was ever proven restorable.';
  if (isAhead(lastProvenAt, now))
    return `Its last proven backup is dated in the future (${lastProvenAt}): a clock was wrong.`;
  const age = Math.max(0, now - Date.parse(lastProvenAt));
  const limit =
    maxAge === undefined
      ? ''
      : age > maxAge
        ? `, ${spanText(age - maxAge)} over its limit of ${spanText(maxAge)}`
        : `, within its limit of ${spanText(maxAge)}`;
  return `Its last proven backup is ${spanText(age)} old (${lastProvenAt})${limit}.`;
}

function kindOf(occasion: Occasion): NoticeKind {
  return occasion.kind ?? 'failed';
}

function severity(occasion: Occasion): Severity {
  const kind = kindOf(occasion);
  if (kind === 'recovered') return 'info';
  return severityOf(occasion.standing ?? (kind === 'still-failing' ? 'failed' : kind));
}

/** 'still failing: ' before what has been told already. */
function headline(occasion: Occasion): string {
  const { app, set, what } = occasion;
  const kind = kindOf(occasion);
  const again =
    kind === 'still-failing' ? 'still failing: ' : kind === 'recovered' ? 'good again: ' : '';
  const whole = `${app === undefined ? '' : `${app}, `}${set}: ${again}${what}`;
  return whole.replaceAll(/\s+/g, ' ').trim();
}

/** ', attempt 4 of 4': one that says less was not tried again, as that would not have helped. */
function attemptOf(problem: Problem | null): string {
  const { attempt, attempts } = problem ?? {};
  return attempt === undefined || attempts === undefined
    ? ''
    : `, attempt ${attempt} of ${attempts}`;
}

function details(occasion: Occasion): string[] {
  const { problem, task, since, nextAttemptAt, now } = occasion;
  const lasted = since === undefined ? 0 : Math.max(0, now - Date.parse(since));
  const word = kindOf(occasion) === 'recovered' ? 'It had failed since' : 'Failing since';
  return [
    ...(problem === null ? [] : [`${problem.code ?? 'Error'}: ${problem.message}`]),
    ...(problem?.hint == null ? [] : [`What to do: ${problem.hint}`]),
    ...(task === undefined ? [] : [`Task: ${task}${attemptOf(problem)}`]),
    ...(since === undefined || lasted === 0 ? [] : [`${word} ${since} (${spanText(lasted)}).`]),
    ...(nextAttemptAt === undefined ? [] : [`Next attempt at ${nextAttemptAt}.`]),
  ];
}

/** How many lines of a run's log a message has at most. */
export const MOST_LINES = 20;

function trail({ lines = [] }: Occasion): string[] {
  return lines.length === 0 ? [] : ['Last lines of the run:', ...lines.slice(-MOST_LINES)];
}

/**
 * Writes a message, the consequence first: what has happened to which set, and how old its last restorable copy is
 * against its limit. Then the cause and what to do, since when, when next, where, how to go on, the last lines.
 */
export function composeNotice(occasion: Occasion): Notice {
  const { set, problem, runId, lastProvenAt, resume, topic = 'backup', since = null } = occasion;
  const subject = headline(occasion);
  const host = hostname();
  const lines = [
    `${subject}. ${ageOf(occasion)}`,
    ...details(occasion),
    `Host: ${host}${runId === null ? '' : `, run: ${runId}`}`,
    ...(resume === undefined ? [] : [`To resume: ${resume.replaceAll('{runId}', runId ?? '')}`]),
    ...trail(occasion),
  ];
  return {
    subject,
    text: lines.join('\n'),
    set,
    topic,
    kind: kindOf(occasion),
    severity: severity(occasion),
    code: problem?.code ?? null,
    runId,
    host,
    at: new Date(occasion.now).toISOString(),
    lastProvenAt: lastProvenAt ?? null,
    since,
  };
}
