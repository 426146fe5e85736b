import type { Secret } from '@holdfast/core';

/** What a notifier is told. */
export interface Notice {
  /** One line: the set and the consequence. */
  readonly subject: string;
  /** The whole message, several lines of plain text. */
  readonly text: string;
  readonly set: string;
  readonly code: string | null;
  /** The top-level flow run; null outside an engine. */
  readonly runId: string | null;
  /** When the set was last proven restorable, ISO 8601; null when never, or when no store could tell. */
  readonly lastProvenAt: string | null;
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
