import { HoldfastError, type Secret } from '@holdfast/core';
import type * as Nodemailer from 'nodemailer';
import type { Notice, NoticeContext, Notifier } from './notifier.ts';
import { valueOf } from './post.ts';

/** How e-mail is sent. */
export interface EmailOptions {
  /** The SMTP server. */
  readonly host: string;
  /** Default 587; with `tls: 'implicit'` 465. */
  readonly port?: number;
  /**
   * `'starttls'`: encrypted before anything is said, or not sent; `'implicit'`: encrypted from the first byte; `'none'`: as
   * it is, for a server on this host. Default 'starttls'.
   */
  readonly tls?: 'starttls' | 'implicit' | 'none';
  /** Certificates of authorities in PEM, where the server's is not signed by a public one. */
  readonly ca?: string;
  /** Name to log in with. Default: no login. */
  readonly user?: string;
  readonly password?: string | Secret;
  /** Address of the sender. */
  readonly from: string;
  /** Addresses of the recipients. */
  readonly to: string | readonly string[];
  /** The longest that the server may be silent, in milliseconds. Default 10,000. */
  readonly timeout?: number;
}

const DEFAULT_TIMEOUT = 10_000;

/** Says what went wrong. Answers of a server from 500 on are final (RFC 5321, 4.2.1); a login that is refused is one. */
function failed(error: unknown): HoldfastError {
  const { code, responseCode } = error as {
    readonly code?: unknown;
    readonly responseCode?: unknown;
  };
  const answer = typeof responseCode === 'number' ? ` (answer ${responseCode})` : '';
  const reason = typeof code === 'string' ? code : 'no reason given';
  return new HoldfastError('NOTIFY_FAILED', `E-mail was not sent: ${reason}${answer}.`, {
    hint: 'Check server, login and addresses. The backup itself is not affected.',
    retryable: !(typeof responseCode === 'number' && responseCode >= 500),
    cause: error,
  });
}

function isAbsent(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ERR_MODULE_NOT_FOUND' && message.includes("'nodemailer'");
}

async function loadNodemailer(): Promise<typeof Nodemailer> {
  try {
    return await import('nodemailer');
  } catch (cause) {
    if (!isAbsent(cause)) throw cause;
    throw new HoldfastError('PACKAGE_MISSING', 'emailNotifier needs the package nodemailer.', {
      hint: 'Install it beside @holdfast/backups: npm install nodemailer',
      retryable: false,
      cause,
      context: { package: 'nodemailer' },
    });
  }
}

async function authOf({ user, password }: EmailOptions, context: NoticeContext) {
  if (user === undefined) return {};
  const pass = password === undefined ? '' : await valueOf(password, context);
  return { auth: { user, pass } };
}

async function transportOf(options: EmailOptions, context: NoticeContext) {
  const { host, tls = 'starttls', ca, timeout = DEFAULT_TIMEOUT } = options;
  const { createTransport } = await loadNodemailer();
  return createTransport({
    host,
    port: options.port ?? (tls === 'implicit' ? 465 : 587),
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(ca === undefined ? {} : { tls: { ca } }),
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    // A message says what it says: nothing is fetched for it.
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(await authOf(options, context)),
  });
}

const PRIORITIES = { critical: 'high', warning: 'normal', info: 'low' } as const;

function messageOf({ from, to }: EmailOptions, { subject, text, severity }: Notice) {
  return {
    from,
    to: typeof to === 'string' ? to : [...to],
    subject,
    text: `${text}\n`,
    priority: PRIORITIES[severity],
    // RFC 3834: nobody's out-of-office reply is wanted.
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

/** Rejects when the signal aborts: a connection that is being made cannot be cut off, and ends by its timeout. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/**
 * Sends e-mail over SMTP, by the package nodemailer, which has to be installed. Sent is what the server has taken for
 * every recipient. One that was given up while it was sent may have been taken all the same.
 *
 * @see https://nodemailer.com/smtp/
 */
export function emailNotifier(options: EmailOptions): Notifier {
  const send = async (notice: Notice, context: NoticeContext): Promise<void> => {
    const transport = await transportOf(options, context);
    try {
      const sent = transport.sendMail(messageOf(options, notice));
      const { rejected } = await unlessAborted(sent, context.signal);
      if (rejected.length > 0) throw refused(rejected.length);
    } catch (error) {
      context.signal.throwIfAborted();
      throw error instanceof HoldfastError ? error : failed(error);
    } finally {
      transport.close();
    }
  };
  return { send };
}

/** Not tried again: those who had it would have it twice. */
function refused(count: number): HoldfastError {
  return new HoldfastError('NOTIFY_FAILED', `The server refused ${count} of the recipients.`, {
    hint: 'Check the addresses. The others have the message.',
    retryable: false,
  });
}
