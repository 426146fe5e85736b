import type { Secret } from '@holdfast/core';
import type { NoticeKind, Severity } from './standing.ts';

/** What a notifier is told: plain data, which can be kept until it was sent. */
export interface Notice {
  /** One line: the set and the consequence. */
  readonly subject: string;
  /** The whole message, several lines of plain text. */
  readonly text: string;
  readonly set: string;
  /** What of the set it is about: 'backup', 'health'. With the set it names the matter, over all its notices. */
  readonly topic: string;
  readonly kind: NoticeKind;
  readonly severity: Severity;
  readonly code: string | null;
  /** The top-level flow run; null outside an engine. */
  readonly runId: string | null;
  readonly host: string;
  /** When it was written, ISO 8601. */
  readonly at: string;
  /** When the set was last proven restorable, ISO 8601; null when never, or when no store could tell. */
  readonly lastProvenAt: string | null;
  /** Since when the matter has not been well, ISO 8601; null when that is not known. */
  readonly since: string | null;
}

/** What a notifier can use while it sends. */
export interface NoticeContext {
  /** Aborts when the send is given up. */
  readonly signal: AbortSignal;
  /** Reads a secret for this attempt; its value is scrubbed from logs from then on. */
  readonly secret: (secret: Secret) => Promise<string>;
}

/**
 * Brings messages to people. Whether it succeeds never changes the outcome of a backup. A plain function
 * `(notice) => …` serves as well: see {@link functionNotifier}.
 */
export interface Notifier {
  /** Resolves when the message was accepted; throws when it was not. Called again after a failure. */
  send(notice: Notice, context: NoticeContext): Promise<void>;
}

/** A notifier as a resource: one, or a function that serves as one. */
export type AnyNotifier =
  | Notifier
  | ((notice: Notice, context: NoticeContext) => void | Promise<void>);

/** Makes a notifier of a function. */
export function functionNotifier(
  send: (notice: Notice, context: NoticeContext) => void | Promise<void>,
): Notifier {
  return {
    send: async (notice, context) => {
      await send(notice, context);
    },
  };
}
