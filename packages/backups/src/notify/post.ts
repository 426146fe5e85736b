import { HoldfastError, isSecret, type Secret } from '@holdfast/core';
import type { NoticeContext } from './notifier.ts';

/** A service that takes messages over HTTP. */
export interface HttpService {
  /** Its name, for errors: 'The webhook', 'Slack'. */
  readonly who: string;
  /** Where to. A Secret where the address itself lets anybody post, as those of most chat services do. */
  readonly url: string | Secret;
  /** The longest that it may take to answer, in milliseconds. Default 10,000. */
  readonly timeout?: number | undefined;
}

/** What is sent. */
export interface HttpMessage {
  readonly body: string;
  /** Default JSON. */
  readonly contentType?: string;
  readonly headers?: { readonly [name: string]: string };
  /** Makes the address of what was configured. Default: as it is. */
  readonly at?: (url: URL) => URL;
}

const DEFAULT_TIMEOUT = 10_000;

/** Says what went wrong, and never where to: the address may be the secret. */
function failed({ who }: HttpService, why: string, retryable: boolean): HoldfastError {
  return new HoldfastError('NOTIFY_FAILED', `${who} ${why}.`, {
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

function addressOf(service: HttpService, text: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw failed(service, 'has an address that is no http or https URL', false);
}

/** The value of what may be a secret. */
export async function valueOf(given: string | Secret, context: NoticeContext): Promise<string> {
  return isSecret(given) ? context.secret(given) : given;
}

/**
 * Posts a message. An answer of 2xx is success; a redirect is none: what follows one may answer 200 to anything. 3xx and
 * 4xx other than 408 and 429 are not tried again.
 *
 * @throws `NOTIFY_FAILED`
 */
export async function post(
  service: HttpService,
  message: HttpMessage,
  context: NoticeContext,
): Promise<void> {
  const { at = (url: URL) => url } = message;
  const url = at(addressOf(service, await valueOf(service.url, context)));
  const limit = AbortSignal.timeout(service.timeout ?? DEFAULT_TIMEOUT);
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': message.contentType ?? 'application/json', ...message.headers },
    body: message.body,
    redirect: 'manual',
    signal: AbortSignal.any([context.signal, limit]),
  }).catch((error: unknown) => {
    throw failed(service, reasonOf(error), true);
  });
  await answer.body?.cancel();
  if (answer.ok) return;
  const { status } = answer;
  const isFinal = status >= 300 && status < 500 && status !== 408 && status !== 429;
  throw failed(service, `answered ${status}`, !isFinal);
}
