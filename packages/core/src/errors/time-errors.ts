import type { Bound } from '../model/bounds.ts';
import { HoldfastError } from './holdfast-error.ts';

function endText({ kind, of, at }: Bound, over = true): string {
  const time = new Date(at).toISOString();
  return kind === 'deadline'
    ? `the deadline of '${of}' ${over ? 'passed' : 'passes'} at ${time}`
    : `the window of '${of}' ${over ? 'closed' : 'closes'} at ${time}`;
}

function contextOf({ kind, of, at }: Bound): HoldfastError['context'] {
  return { bound: kind, of, at: new Date(at).toISOString() };
}

const HINTS = {
  DEADLINE_PASSED: 'Give it more time, or find out what it waits for.',
  WINDOW_CLOSED: 'Make the window longer, or start what takes longest first.',
  WINDOW_MISSED: 'See what kept it from starting while its window was open.',
} as const;

/** Why the work of a run is told to stop: its time, or that of what started it, is over. */
export class TimeOver extends HoldfastError {
  readonly bound: Bound;

  constructor(bound: Bound) {
    const text = endText(bound);
    const code = bound.kind === 'deadline' ? 'DEADLINE_PASSED' : 'WINDOW_CLOSED';
    super(code, `${text.charAt(0).toUpperCase()}${text.slice(1)}.`, {
      hint: HINTS[code],
      retryable: bound.kind === 'deadline',
      context: contextOf(bound),
    });
    this.bound = bound;
  }
}

/** How far a run had come when its time was over. `retry`: an attempt had failed, and the next one would start too late. */
export type HowFar = 'not-started' | 'under-way' | 'retry';

/** What a run fails with whose time is over. */
export function timeOverError(
  name: string,
  bound: Bound,
  howFar: HowFar,
  cause: Error | undefined,
): HoldfastError {
  const missed = bound.kind === 'window' && howFar === 'not-started';
  const closed = bound.kind === 'window' ? 'WINDOW_CLOSED' : 'DEADLINE_PASSED';
  const code = missed ? 'WINDOW_MISSED' : closed;
  const what = {
    'not-started': `'${name}' could not start in time`,
    'under-way': `'${name}' did not end in time`,
    retry: `'${name}' failed, and could not be tried again in time`,
  }[howFar];
  return new HoldfastError(code, `${what}: ${endText(bound, howFar !== 'retry')}.`, {
    hint: HINTS[code],
    // Another attempt of what started it would be given as much time as this one; the window stays closed.
    retryable: bound.kind === 'deadline',
    context: contextOf(bound),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A run was made while its window was closed, and is not to wait. */
export function windowNotOpen(name: string, opensAt: number): HoldfastError {
  const opens = new Date(opensAt).toISOString();
  return new HoldfastError(
    'WINDOW_MISSED',
    `'${name}' was started while its window was closed: it opens at ${opens}.`,
    {
      hint: "Start it within the window, or let it wait: ifClosed: 'wait'.",
      retryable: false,
      context: { bound: 'window', of: name, opensAt: opens },
    },
  );
}
