import type { Secret } from '@holdfast/core';
import type { Notice, NoticeContext, Notifier } from './notifier.ts';
import { post } from './post.ts';

/** How a service is reached that is posted to. */
export interface PostOptions {
  /** Where to. A Secret where the address itself lets anybody post, as those of most chat services do. */
  readonly url: string | Secret;
  /** The longest that it may take to answer, in milliseconds. Default 10,000. */
  readonly timeout?: number;
}

/** How a webhook is called. */
export interface WebhookOptions extends PostOptions {
  /** Makes the request's body, sent as JSON. Default: the notice with its text also as `content`, for chat services. */
  readonly body?: (notice: Notice) => unknown;
}

/**
 * Posts every notice as JSON to a web address. An answer of 2xx is success; redirects, and 4xx other than 408 and
 * 429, are not tried again.
 */
export function webhookNotifier(options: WebhookOptions): Notifier {
  const bodyOf = options.body ?? ((notice: Notice) => ({ ...notice, content: notice.text }));
  return jsonNotifier('The webhook', options, bodyOf);
}

/** A notifier that posts JSON. */
export function jsonNotifier(
  who: string,
  { url, timeout }: PostOptions,
  bodyOf: (notice: Notice) => unknown,
): Notifier {
  const send = (notice: Notice, context: NoticeContext): Promise<void> =>
    post({ who, url, timeout }, { body: JSON.stringify(bodyOf(notice)) }, context);
  return { send };
}
