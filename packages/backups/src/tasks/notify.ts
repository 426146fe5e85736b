import { HoldfastError, isHoldfastError, runContext, task } from '@holdfast/core';
import { lastProven } from '../catalog/last-proven.ts';
import { composeNotice, type Problem } from '../notify/compose.ts';
import type { Notice, NoticeContext, Notifier } from '../notify/notifier.ts';
import { storeNamed } from './surroundings.ts';

/** What the notify task is told. */
export interface NotifyInput {
  /** Name of the notifier among the engine's resources: a {@link Notifier}, or a plain function. */
  readonly notifier: string;
  readonly set: string;
  /** The consequence, in a few words: 'no proven backup tonight'. */
  readonly what: string;
  readonly problem?: Problem;
  /** Names of the stores that are asked for the set's last proven backup. Default: none. */
  readonly stores?: readonly string[];
}

type AnyNotifier = Notifier | ((notice: Notice, context: NoticeContext) => void | Promise<void>);

/** A store that cannot be read must not keep the message from being sent. */
async function provenIn(
  stores: readonly string[],
  set: string,
): Promise<string | null | undefined> {
  if (stores.length === 0) return undefined;
  try {
    return (await lastProven(stores.map(storeNamed), set, runContext().signal)) ?? null;
  } catch (error) {
    runContext().logger.warn({ err: error, set }, 'the last proven backup could not be looked up');
    return undefined;
  }
}

async function send(notifier: AnyNotifier, notice: Notice): Promise<void> {
  const run = runContext();
  const context: NoticeContext = { signal: run.signal, secret: (secret) => run.secret(secret) };
  try {
    await (typeof notifier === 'function'
      ? notifier(notice, context)
      : notifier.send(notice, context));
  } catch (error) {
    if (isHoldfastError(error)) throw error;
    throw new HoldfastError('NOTIFY_FAILED', 'The notifier did not take the message.', {
      hint: 'The backup itself is not affected. See the cause.',
      cause: error,
    });
  }
}

/**
 * Tells people about a backup set: the consequence first, with the age of its last proven backup. Three
 * retries, one minute an attempt. Its failure says nothing of the backup: let no flow fail by it (await
 * its `outcome()`).
 *
 * @throws `NOTIFY_FAILED`, `RESOURCE_UNKNOWN`
 */
export const notify = task(
  async (input: NotifyInput): Promise<Notice> => {
    const context = runContext();
    const { notifier, set, what, problem = null, stores = [] } = input;
    const lastProvenAt = await provenIn(stores, set);
    const now = context.now();
    const notice = composeNotice({
      set,
      what,
      problem,
      runId: context.rootRunId,
      lastProvenAt,
      now,
    });
    await send(context.resource<AnyNotifier>(notifier), notice);
    return notice;
  },
  {
    name: 'notify',
    runName: ({ set }: NotifyInput) => `tell of ${set}`,
    description: 'Tells people about a backup set.',
    retries: { limit: 3, delay: '5s', backoff: 'exponential', jitter: true },
    timeout: '1m',
    tags: ['notify'],
  },
);
