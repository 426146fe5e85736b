import { HoldfastError, isSecret, type Secret } from '@holdfast/core';
import type { Notice, NoticeContext, Notifier } from './notifier.ts';

/** How a webhook is called. */
export interface WebhookOptions {
  /** Where to. A Secret where the address itself lets anybody post, as those of most chat services do. */
  readonly url: string | Secret;
  /** The longest that it may take to answer, in milliseconds. Default 10,000. */
  readonly timeout?: number;
  /** Makes the request's body, sent as JSON. Default: the notice with its text also as `content`, for chat services. */
  readonly body?: (notice: Notice) => unknown;
}

const DEFAULT_TIMEOUT = 10_000;

/** Says what went wrong, and never where to: the address may be the secret. */
function failed(why: string, retryable: boolean): HoldfastError {
  return new HoldfastError('NOTIFY_FAILED', `The webhook ${why}.`, {
    hint: 'Check the address and the service behind it. The backup itself is not affected.',
    retryable,
  });
}

/** The system's code behind fetch's own error: ECONNREFUSED, ENOTFOUND. */
function reasonOf(error: unknown): string {
  const cause =
    error instanceof Error ? (error.cause as { readonly code?: unknown } | undefined) : undefined;
  if (error instanceof Error && error.name === 'TimeoutError') return 'did not answer in time';
  return typeof cause?.code === 'string'
    ? `could not be reached (${cause.code})`
    : 'could not be reached';
}

async function post(url: string, body: unknown, signal: AbortSignal): Promise<Response> {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw failed('has an address that is no http or https URL', false);
  }
  return fetch(parsed, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  }).catch((error: unknown) => {
    throw failed(reasonOf(error), true);
  });
}

/**
 * Posts every notice as JSON to a web address. An answer of 2xx is success; 4xx other than 408 and 429
 * is not tried again.
 */
export function webhookNotifier(options: WebhookOptions): Notifier {
  const bodyOf = options.body ?? ((notice: Notice) => ({ ...notice, content: notice.text }));
  const send = async (notice: Notice, context: NoticeContext): Promise<void> => {
    const url = isSecret(options.url) ? await context.secret(options.url) : options.url;
    const limit = AbortSignal.timeout(options.timeout ?? DEFAULT_TIMEOUT);
    const answer = await post(url, bodyOf(notice), AbortSignal.any([context.signal, limit]));
    await answer.body?.cancel();
    if (answer.ok) return;
    const { status } = answer;
    const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429;
    throw failed(`answered ${status}`, !isFinal);
  };
  return { send };
}
