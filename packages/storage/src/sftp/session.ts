import type { Client, SFTPWrapper } from 'ssh2';
import { asFailure, SftpFailure } from './problems.ts';

/** How the library calls back: an error, or what was asked for. */
type Done<T> = (error: Error | null | undefined, value?: T) => void;

/** Makes a request of the library. */
export type Start<T> = (sftp: SFTPWrapper, done: Done<T>) => void;

/** The extensions that a store uses, named as servers announce them. */
export type Extension =
  | 'fsync@openssh.com'
  | 'hardlink@openssh.com'
  | 'posix-rename@openssh.com'
  | 'statvfs@openssh.com';

/** A connection to a server, over which requests go. When it is lost, all that are under way fail at once. */
export class Session {
  readonly #client: Client;
  readonly #sftp: SFTPWrapper;
  readonly #underWay = new Set<(failure: SftpFailure) => void>();
  #lost: SftpFailure | undefined;

  constructor(client: Client, sftp: SFTPWrapper) {
    this.#client = client;
    this.#sftp = sftp;
    const onEnd = (): void => this.#lose(new Error('The connection was closed.'));
    client.on('error', (error) => this.#lose(error));
    client.on('close', onEnd);
    client.on('end', onEnd);
    sftp.on('error', (error: Error) => this.#lose(error));
    sftp.on('close', onEnd);
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Whether the server has announced an extension. */
  offers(extension: Extension): boolean {
    const { _extensions: announced } = this.#sftp as { _extensions?: Record<string, string> };
    return announced === undefined || announced[extension] !== undefined;
  }

  /**
   * Makes a request.
   *
   * @throws SftpFailure
   */
  request<T>(start: Start<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#lost);
        return;
      }
      this.#underWay.add(reject);
      const done: Done<T> = (error, value) => {
        this.#underWay.delete(reject);
        if (error) reject(asFailure(error));
        else resolve(value as T);
      };
      try {
        start(this.#sftp, done);
      } catch (error) {
        done(error as Error);
      }
    });
  }

  /** Closes the connection. */
  end(): void {
    this.#client.end();
    this.#lose(new Error('The store was closed.'));
  }

  #lose(error: Error): void {
    if (this.#lost !== undefined) return;
    const failure = new SftpFailure(error.message, undefined, error);
    this.#lost = failure;
    for (const reject of this.#underWay) reject(failure);
    this.#underWay.clear();
    this.#client.end();
  }
}
