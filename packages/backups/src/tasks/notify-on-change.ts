import {
  type Duration,
  durationMs,
  HoldfastError,
  isHoldfastError,
  runContext,
  task,
} from '@holdfast/core';
import { composeNotice, MOST_LINES, type Problem } from '../notify/compose.ts';
import { deliver, type Delivered } from '../notify/deliver.ts';
import {
  type LedgerPlace,
  type NoticeLedger,
  readLedger,
  type WaitingNotice,
  writeLedger,
} from '../notify/ledger.ts';
import type { AnyNotifier, Notice } from '../notify/notifier.ts';
import {
  changeOf,
  type NoticeKind,
  type Standing,
  type StandingChange,
} from '../notify/standing.ts';
import { noticeContext, provenIn } from './notify.ts';

/** How a matter of a set stands now, and who is told when that changes. */
export interface StandingInput {
  /** The backup set. */
  readonly set: string;
  /** What of the set it is about; each topic has a standing of its own. Default 'backup'. */
  readonly topic?: string;
  /** How it stands now. */
  readonly standing: Standing;
  /** The consequence, in a few words: 'no proven backup tonight'. */
  readonly what: string;
  /** What went wrong: its code, message and hint are told. Default: nothing is. */
  readonly problem?: Problem;
  /** Names of notifiers among the engine's resources. */
  readonly notifiers: readonly string[];
  /** Name of the object store that remembers what was told, and what could not be sent. */
  readonly ledger: string;
  /** Names of the stores that are asked for the set's last proven backup. Default: none. */
  readonly stores?: readonly string[];
  /** When the set was last proven restorable, where that is known: no store is asked then. Null: never. */
  readonly lastProvenAt?: string | null;
  /** How old the last restorable copy may be. Default: no limit is told. */
  readonly maxAge?: Duration;
  /** How long after people were told they are told again, while it does not change. Default 1 day. */
  readonly remindAfter?: Duration;
  /** When it is tried again, ISO 8601. */
  readonly nextAttemptAt?: string;
  /** Name of the task that failed. */
  readonly task?: string;
  /** The application's name, where it tells people something. */
  readonly app?: string;
  /** What a person types to go on with the run; `{runId}` stands for its id. Default `engine.retry('{runId}')`. */
  readonly resume?: string;
}

/** What people were told. */
export interface Told {
  /** Null: nothing had changed. */
  readonly kind: NoticeKind | null;
  /** Messages that were taken, older ones that had waited among them. */
  readonly sent: number;
}

const REMIND_AFTER = '1d';

/** What was logged last, one text each; none where the run store cannot tell. */
async function lastLines(): Promise<readonly string[]> {
  const context = runContext();
  const lines = await context.lastLines(MOST_LINES).catch((error: unknown) => {
    context.signal.throwIfAborted();
    context.logger.warn({ err: error }, 'the lines of the run could not be read');
    return [];
  });
  return lines.map(({ at, level, message }) => `${new Date(at).toISOString()} ${level} ${message}`);
}

async function noticeOf(
  input: StandingInput,
  kind: NoticeKind,
  since: string | undefined,
  now: number,
): Promise<Notice> {
  const context = runContext();
  const { set, standing, what, problem = null, stores = [], maxAge, resume } = input;
  const { topic, task: failedTask, app, nextAttemptAt, lastProvenAt } = input;
  const isBad = standing !== 'good';
  return composeNotice({
    set,
    what,
    problem,
    kind,
    standing,
    now,
    runId: context.rootRunId,
    lastProvenAt: lastProvenAt === undefined ? await provenIn(stores, set) : lastProvenAt,
    ...(topic === undefined ? {} : { topic }),
    ...(failedTask === undefined ? {} : { task: failedTask }),
    ...(app === undefined ? {} : { app }),
    ...(maxAge === undefined ? {} : { maxAge: durationMs(maxAge) }),
    ...(since === undefined ? {} : { since }),
    ...(nextAttemptAt === undefined ? {} : { nextAttemptAt }),
    ...(isBad ? { resume: resume ?? "engine.retry('{runId}')" } : {}),
    ...(isBad ? { lines: await lastLines() } : {}),
  });
}

/** What is known; undefined when nothing is, or when the store cannot tell: better told twice than never. */
async function known(place: LedgerPlace): Promise<NoticeLedger | undefined> {
  try {
    return await readLedger(place);
  } catch (error) {
    place.signal.throwIfAborted();
    runContext().logger.warn({ err: error }, 'what people were told could not be read');
    return undefined;
  }
}

/** @returns whether it is kept */
async function keep(
  place: LedgerPlace,
  { known: standing }: StandingChange,
  waiting: readonly WaitingNotice[],
): Promise<boolean> {
  try {
    await writeLedger(place, standing, waiting);
    return true;
  } catch (error) {
    place.signal.throwIfAborted();
    runContext().logger.warn({ err: error }, 'what people are told could not be kept');
    return false;
  }
}

function settled(
  { sent, waiting, errors, dropped }: Delivered,
  kind: NoticeKind | null,
  isKept: boolean,
): Told {
  for (const { notifier, notice } of dropped) {
    const about = { notifier, subject: notice.subject, at: notice.at };
    runContext().logger.error(about, 'a message was given up: it could not be sent for a week');
  }
  const [error] = errors;
  if (error === undefined) return { kind, sent };
  const isHopeful = errors.some((one) => !isHoldfastError(one) || one.retryable);
  // Without a ledger a retry would tell those once more who know it.
  const retryable = isHopeful && (isKept || sent === 0);
  throw new HoldfastError(
    'NOTICES_WAITING',
    `${waiting.length} messages were not sent: ${error.message}`,
    {
      hint: 'They are kept and sent with the next ones. The backup itself is not affected.',
      retryable,
      cause: error,
    },
  );
}

/**
 * Tells people when a matter of a set begins to stand badly, stands badly in another way, or is good again, and
 * reminds them while it does not change. What is told is first written to an outbox in an object store: what no notifier
 * takes is sent by the next call, for a week. One call at a time for a set and a topic. Where the store cannot be read
 * or written, people are told all the same, and perhaps once more.
 *
 * Three retries, two minutes an attempt. Its failure says nothing of the backup: let no flow fail by it (await its
 * `outcome()`).
 *
 * @throws `NOTICES_WAITING` some messages were not taken; `RESOURCE_UNKNOWN`
 */
export const notifyOnChange = task(
  async (input: StandingInput): Promise<Told> => {
    const context = runContext();
    const { set, topic = 'backup', standing, notifiers, remindAfter = REMIND_AFTER } = input;
    const { signal } = context;
    const place: LedgerPlace = { store: context.resource(input.ledger), set, topic, signal };
    const before = await known(place);
    const now = context.now();
    const change = changeOf(before, standing, now, durationMs(remindAfter));
    const { kind } = change;
    // Of what is good again: since when it was not.
    const since = before?.standing === 'good' ? undefined : before?.since;
    const notice = kind === null ? undefined : await noticeOf(input, kind, since, now);
    const fresh =
      notice === undefined ? [] : notifiers.map((notifier) => ({ notifier, notice, attempts: 0 }));
    const waiting = [...(before?.waiting ?? []), ...fresh];
    const isNews = before?.standing !== standing || kind !== null;
    let isKept = isNews ? await keep(place, change, waiting) : true;
    const delivered = await deliver(waiting, {
      notifierNamed: (name) => context.resource<AnyNotifier>(name),
      context: noticeContext(),
      now,
      left: async (left) => {
        isKept = (await keep(place, change, left)) && isKept;
      },
    });
    return settled(delivered, kind, isKept);
  },
  {
    name: 'notifyOnChange',
    runName: ({ set, topic = 'backup' }: StandingInput) => `tell of ${set}, ${topic}`,
    description: 'Tells people when a matter of a backup set changes.',
    retries: { limit: 3, delay: '5s', backoff: 'exponential', jitter: true },
    timeout: '2m',
    tags: ['notify'],
  },
);
