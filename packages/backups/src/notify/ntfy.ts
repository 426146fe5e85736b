import type { Secret } from '@holdfast/core';
import { cut, cutBytes } from './cut.ts';
import type { Notice, NoticeContext, Notifier } from './notifier.ts';
import { post, valueOf } from './post.ts';

/** How ntfy is reached. */
export interface NtfyOptions {
  /** A topic that anybody may subscribe to is a password: give it as a Secret then. */
  readonly topic: string | Secret;
  /** Address of the server. Default 'https://ntfy.sh'. */
  readonly server?: string;
  /** An access token, where the topic is protected. */
  readonly token?: string | Secret;
  /** The longest that it may take to answer, in milliseconds. Default 10,000. */
  readonly timeout?: number;
}

/** What is longer becomes an attachment. */
const MOST_BYTES = 4096;
const TITLE = 250;

/** From 1 (lowest) to 5 (highest). */
const PRIORITIES = { critical: 5, warning: 4, info: 3 };
const TAGS = { critical: 'rotating_light', warning: 'warning', info: 'white_check_mark' };

/**
 * Publishes to an ntfy topic.
 *
 * @see https://docs.ntfy.sh/publish/#publish-as-json
 */
export function ntfyNotifier(options: NtfyOptions): Notifier {
  const { server = 'https://ntfy.sh', timeout } = options;
  const send = async (notice: Notice, context: NoticeContext): Promise<void> => {
    const { subject, text, severity, set } = notice;
    const body = JSON.stringify({
      topic: await valueOf(options.topic, context),
      title: cut(subject, TITLE),
      message: cutBytes(text, MOST_BYTES),
      priority: PRIORITIES[severity],
      tags: [TAGS[severity], set],
    });
    const token = options.token === undefined ? undefined : await valueOf(options.token, context);
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    await post({ who: 'ntfy', url: server, timeout }, { body, headers }, context);
  };
  return { send };
}
