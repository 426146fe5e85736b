import { hostname } from 'node:os';
import { isAhead } from '../catalog/ahead.ts';
import type { Notice } from './notifier.ts';

/** An error as it travels in reports. */
export interface Problem {
  readonly code: string | null;
  readonly message: string;
  readonly hint: string | null;
}

/** Takes an error's stable parts. */
export function problemOf(error: unknown): Problem {
  const { code, hint } = error as { readonly code?: unknown; readonly hint?: unknown };
  return {
    code: typeof code === 'string' ? code : null,
    message: error instanceof Error ? error.message : String(error),
    hint: typeof hint === 'string' ? hint : null,
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
}

const HOUR = 3_600_000;

function ageOf(occasion: Occasion): string {
  const { lastProvenAt, now } = occasion;
  if (lastProvenAt === undefined)
    return 'When it was last proven restorable could not be found out.';
  if (lastProvenAt === null) return 'No backup of it was ever proven restorable.';
  if (isAhead(lastProvenAt, now))
    return `Its last proven backup is dated in the future (${lastProvenAt}): a clock was wrong.`;
  const hours = Math.max(0, (now - Date.parse(lastProvenAt)) / HOUR);
  const age = hours < 48 ? `${hours.toFixed(1)} hours` : `${(hours / 24).toFixed(1)} days`;
  return `Its last proven backup is ${age} old (${lastProvenAt}).`;
}

/** Writes a message, the consequence first. */
export function composeNotice(occasion: Occasion): Notice {
  const { set, what, problem, runId, lastProvenAt } = occasion;
  const subject = `${set}: ${what}`;
  const lines = [
    `${subject}. ${ageOf(occasion)}`,
    ...(problem === null ? [] : [`${problem.code ?? 'Error'}: ${problem.message}`]),
    ...(problem?.hint == null ? [] : [`What to do: ${problem.hint}`]),
    `Host: ${hostname()}${runId === null ? '' : `, run: ${runId}`}`,
  ];
  return {
    subject,
    text: lines.join('\n'),
    set,
    code: problem?.code ?? null,
    runId,
    lastProvenAt: lastProvenAt ?? null,
  };
}
