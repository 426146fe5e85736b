import { atOnce } from '../waiting/at-once.ts';
import { SecretValues } from '../remote/secret-values.ts';
import { connect } from './connect.ts';
import type { SftpSettings } from './options.ts';
import { Requests } from './requests.ts';
import type { Session } from './session.ts';

/** The way to a server: one connection, opened by the first call and by the first one after it was lost. */
export class SftpLink {
  readonly #settings: SftpSettings;
  readonly #secrets: SecretValues;
  #session: Promise<Session> | undefined;

  constructor(settings: SftpSettings) {
    this.#settings = settings;
    this.#secrets = new SecretValues(settings.options.resolvers);
  }

  /** The requests of a call. */
  async open(signal: AbortSignal | undefined): Promise<Requests> {
    signal?.throwIfAborted();
    const opening = this.#current();
    const session = await (signal === undefined ? opening : atOnce(signal, opening));
    return new Requests(session, signal);
  }

  /** Closes the connection; a later call opens another. */
  async close(): Promise<void> {
    const opened = this.#session;
    this.#session = undefined;
    const session = await opened?.catch(() => undefined);
    session?.end();
  }

  async #current(): Promise<Session> {
    const known = this.#session ?? this.#connect();
    const session = await known;
    if (!session.isLost) return session;
    if (this.#session === known) this.#session = undefined;
    return this.#session ?? this.#connect();
  }

  #connect(): Promise<Session> {
    const connecting = connect(this.#settings, this.#secrets);
    this.#session = connecting;
    connecting.catch(() => {
      if (this.#session === connecting) this.#session = undefined;
    });
    return connecting;
  }
}
