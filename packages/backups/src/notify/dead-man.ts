import { HoldfastError, type Secret } from '@holdfast/core';
import { cutBytes } from './cut.ts';
import type { NoticeContext } from './notifier.ts';
import { post } from './post.ts';

/** What a dead-man switch is told. */
export interface Ping {
  /** That a run starts, has ended well, or has not. */
  readonly signal: 'start' | 'success' | 'fail';
  /** The top-level run: start and end of one belong together. */
  readonly runId: string;
  /** What is shown beside it; may be empty. */
  readonly text: string;
}

/**
 * Expects to be pinged, and alarms people when it is not: the only one who notices that nothing was started at all.
 */
export interface DeadManSwitch {
  /** Resolves when the ping was taken. */
  ping(ping: Ping, context: NoticeContext): Promise<void>;
}

/** How a check is pinged. */
export interface HealthchecksOptions {
  /** The check's own ping address: 'https://hc-ping.com/<uuid>'. Whoever has it can ping: give it as a Secret. */
  readonly url: string | Secret;
  /** The longest that it may take to answer, in milliseconds. Default 10,000. */
  readonly timeout?: number;
}

/** The service keeps the first 100 kB. */
const MOST_BYTES = 100_000;
const PATHS = { start: '/start', success: '', fail: '/fail' };
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

function checkRunId(runId: string): void {
  if (UUID.test(runId)) return;
  throw new HoldfastError('NOTIFY_FAILED', `${runId} is no UUID in its canonical form.`, {
    hint: 'Pass the id of a run of the engine: runContext().rootRunId.',
    retryable: false,
  });
}

/**
 * Pings a check of Healthchecks.io, or of any service that speaks its protocol: `/start`, nothing, or `/fail` after the
 * check's address, and the run's id as `rid`, by which it measures how long the run took.
 *
 * @see https://healthchecks.io/docs/http_api/
 * @see https://healthchecks.io/docs/measuring_script_run_time/
 */
export function healthchecksPings({ url, timeout }: HealthchecksOptions): DeadManSwitch {
  const ping = async ({ signal, runId, text }: Ping, context: NoticeContext): Promise<void> => {
    checkRunId(runId);
    const at = (check: URL): URL => {
      const address = new URL(check);
      address.pathname = address.pathname.replace(/\/$/, '') + PATHS[signal];
      address.searchParams.set('rid', runId);
      return address;
    };
    const body = cutBytes(text, MOST_BYTES);
    const message = { at, body, contentType: 'text/plain; charset=utf-8' };
    await post({ who: 'The dead-man switch', url, timeout }, message, context);
  };
  return { ping };
}
