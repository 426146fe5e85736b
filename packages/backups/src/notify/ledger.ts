import { HoldfastError, objectStoreProblem, type ObjectStore } from '@holdfast/core';
import { readText } from '../catalog/load-manifest.ts';
import { checkName } from '../model/names.ts';
import { openSealed, seal, sealedText } from '../model/sealed-json.ts';
import {
  count,
  list,
  literal,
  orNull,
  record,
  sha256,
  ShapeError,
  text,
  time,
} from '../model/shape.ts';
import type { Notice } from './notifier.ts';
import { type KnownStanding, NOTICE_KINDS, STANDINGS } from './standing.ts';

/** A message that was not taken yet. */
export interface WaitingNotice {
  /** Name of the notifier among the engine's resources. */
  readonly notifier: string;
  readonly notice: Notice;
  /** How often it was tried. */
  readonly attempts: number;
}

/**
 * What is known of one matter of a set, and which messages about it still have to be sent. Kept in an object store as
 * `<set>/notices/<topic>.json`, beside the backups: it outlives runs, run stores and machines.
 */
export interface NoticeLedger extends KnownStanding {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly set: string;
  readonly topic: string;
  readonly waiting: readonly WaitingNotice[];
  readonly sha256: string;
}

const FORMAT = 'holdfast-notices';
const VERSION = 1;

const notice = record<Notice>({
  subject: text,
  text,
  set: text,
  topic: text,
  kind: literal(...NOTICE_KINDS),
  severity: literal('critical', 'warning', 'info'),
  code: orNull(text),
  runId: orNull(text),
  host: text,
  at: time,
  lastProvenAt: orNull(text),
  since: orNull(text),
});

const ledger = record<NoticeLedger>({
  format: literal(FORMAT),
  version: literal(VERSION),
  set: text,
  topic: text,
  standing: literal(...STANDINGS),
  since: time,
  toldAt: orNull(time),
  waiting: list(record<WaitingNotice>({ notifier: text, notice, attempts: count })),
  sha256,
});

/** Which matter: of a set, in a store. */
export interface LedgerPlace {
  readonly store: ObjectStore;
  readonly set: string;
  readonly topic: string;
  readonly signal: AbortSignal;
}

function keyOf({ set, topic }: LedgerPlace): string {
  return `${checkName('backup set', set)}/notices/${checkName('topic', topic)}.json`;
}

function parse(content: string, key: string): NoticeLedger {
  const codes = { invalid: 'LEDGER_DAMAGED', altered: 'LEDGER_DAMAGED', newer: 'LEDGER_DAMAGED' };
  const what = 'record of what was told';
  const kind = { what, format: FORMAT, version: VERSION, codes };
  try {
    return ledger(openSealed(kind, content, key), 'ledger');
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new HoldfastError('LEDGER_DAMAGED', `The ${what} ${key} is refused: ${error.message}.`, {
      hint: 'It is written anew; people may be told once more what they know.',
      retryable: false,
      context: { key },
    });
  }
}

/**
 * Reads what is known.
 *
 * @returns undefined when there is nothing yet
 * @throws `LEDGER_DAMAGED`, or what the store throws
 */
export async function readLedger(place: LedgerPlace): Promise<NoticeLedger | undefined> {
  const key = keyOf(place);
  try {
    return parse(await readText(place.store, key, place.signal), key);
  } catch (error) {
    if (objectStoreProblem(error) === 'missing') return undefined;
    throw error;
  }
}

/** Replaces what is known. */
export async function writeLedger(
  place: LedgerPlace,
  known: KnownStanding,
  waiting: readonly WaitingNotice[],
): Promise<void> {
  const { set, topic, store, signal } = place;
  const { standing, since, toldAt } = known;
  const sealed = seal({
    format: FORMAT,
    version: VERSION,
    set,
    topic,
    standing,
    since,
    toldAt,
    waiting,
  });
  await store.put(keyOf(place), Buffer.from(sealedText(sealed)), { signal });
}
