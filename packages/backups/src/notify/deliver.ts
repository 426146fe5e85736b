import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { WaitingNotice } from './ledger.ts';
import type { AnyNotifier, Notice, NoticeContext } from './notifier.ts';

/**
 * Gives a notice to a notifier.
 *
 * @throws `NOTIFY_FAILED`, or the coded error of the notifier
 */
export async function giveNotice(
  notifier: AnyNotifier,
  notice: Notice,
  context: NoticeContext,
): Promise<void> {
  try {
    await (typeof notifier === 'function'
      ? notifier(notice, context)
      : notifier.send(notice, context));
  } catch (error) {
    context.signal.throwIfAborted();
    if (isHoldfastError(error)) throw error;
    throw new HoldfastError('NOTIFY_FAILED', 'The notifier did not take the message.', {
      hint: 'The backup itself is not affected. See the cause.',
      cause: error,
    });
  }
}

/** How messages are delivered. */
export interface Delivery {
  /** Finds a notifier by its name. */
  readonly notifierNamed: (name: string) => AnyNotifier;
  readonly context: NoticeContext;
  /** Called after each message that was taken or given up, with those that are left: what is recorded is not sent again. */
  readonly left: (waiting: readonly WaitingNotice[]) => Promise<void>;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** What became of messages. */
export interface Delivered {
  readonly sent: number;
  readonly waiting: readonly WaitingNotice[];
  /** Why some still wait: the last error of each notifier. */
  readonly errors: readonly Error[];
  /** Messages that were given up: nobody wants to read them any more. */
  readonly dropped: readonly WaitingNotice[];
}

/** After so long a message is no news: what holds now is told by a newer one. */
const STALE_AFTER = 7 * 86_400_000;

/**
 * Sends what waits, oldest first. A notifier that fails is not asked again here, so that its messages keep their
 * order; the others go on.
 */
export async function deliver(
  waiting: readonly WaitingNotice[],
  delivery: Delivery,
): Promise<Delivered> {
  const { notifierNamed, context, now } = delivery;
  const rest = [...waiting];
  const dropped: WaitingNotice[] = [];
  const failed = new Map<string, Error>();
  let sent = 0;
  for (const one of waiting) {
    const { notifier, notice } = one;
    if (now - Date.parse(notice.at) > STALE_AFTER) dropped.push(one);
    else if (failed.has(notifier)) continue;
    else {
      try {
        await giveNotice(notifierNamed(notifier), notice, context);
        sent += 1;
      } catch (error) {
        context.signal.throwIfAborted();
        failed.set(notifier, error as Error);
        rest[rest.indexOf(one)] = { ...one, attempts: one.attempts + 1 };
        continue;
      }
    }
    rest.splice(rest.indexOf(one), 1);
    await delivery.left(rest);
  }
  return { sent, waiting: rest, errors: [...failed.values()], dropped };
}
