import type { FileEntryWithStats, Stats } from 'ssh2';
import { atOnce } from '../waiting/at-once.ts';
import type { Extension, Session, Start } from './session.ts';

/** An open file on the server. */
export type Handle = Buffer;

/** What statvfs(3) says of a file system, as far as it is looked at. */
interface FileSystem {
  readonly f_bsize: number;
  readonly f_frsize: number;
  readonly f_bavail: number;
  readonly f_flag: number;
}

/** The room on a file system. */
export interface Room {
  readonly freeBytes: number;
  readonly isReadOnly: boolean;
}

/** ST_RDONLY. */
const READ_ONLY = 1;

/**
 * The requests of one call of a store.
 *
 * Each throws SftpFailure, or the signal's reason at once when the call is aborted.
 */
export class Requests {
  readonly signal: AbortSignal | undefined;
  readonly #session: Session;

  constructor(session: Session, signal: AbortSignal | undefined) {
    this.#session = session;
    this.signal = signal;
  }

  get isLost(): boolean {
    return this.#session.isLost;
  }

  /** The same connection, for what must be done whether the call is aborted or not. */
  get unsignalled(): Requests {
    return new Requests(this.#session, undefined);
  }

  under(signal: AbortSignal): Requests {
    return new Requests(this.#session, signal);
  }

  offers(extension: Extension): boolean {
    return this.#session.offers(extension);
  }

  realpath(path: string): Promise<string> {
    return this.#make((sftp, done) => sftp.realpath(path, done));
  }

  /** Follows links. */
  stat(path: string): Promise<Stats> {
    return this.#make((sftp, done) => sftp.stat(path, done));
  }

  lstat(path: string): Promise<Stats> {
    return this.#make((sftp, done) => sftp.lstat(path, done));
  }

  fstat(handle: Handle): Promise<Stats> {
    return this.#make((sftp, done) => sftp.fstat(handle, done));
  }

  /** All entries of a directory but `.` and `..`. */
  readdir(path: string): Promise<FileEntryWithStats[]> {
    return this.#make((sftp, done) => sftp.readdir(path, done));
  }

  mkdir(path: string, mode: number): Promise<void> {
    return this.#make((sftp, done) => sftp.mkdir(path, { mode }, done));
  }

  rmdir(path: string): Promise<void> {
    return this.#make((sftp, done) => sftp.rmdir(path, done));
  }

  unlink(path: string): Promise<void> {
    return this.#make((sftp, done) => sftp.unlink(path, done));
  }

  /** Replaces what is there, in one step. */
  rename(from: string, to: string): Promise<void> {
    return this.#make((sftp, done) => sftp.ext_openssh_rename(from, to, done));
  }

  /** Fails when something is there. */
  hardlink(from: string, to: string): Promise<void> {
    return this.#make((sftp, done) => sftp.ext_openssh_hardlink(from, to, done));
  }

  openToRead(path: string): Promise<Handle> {
    return this.#make((sftp, done) => sftp.open(path, 'r', done));
  }

  /** Fails when something is there. */
  openNew(path: string, mode: number): Promise<Handle> {
    return this.#make((sftp, done) => sftp.open(path, 'wx', { mode }, done));
  }

  close(handle: Handle): Promise<void> {
    return this.#make((sftp, done) => sftp.close(handle, done));
  }

  fsync(handle: Handle): Promise<void> {
    return this.#make((sftp, done) => sftp.ext_openssh_fsync(handle, done));
  }

  /** Writes all of the bytes, which must not change until then. */
  write(handle: Handle, bytes: Buffer, position: number): Promise<void> {
    return this.#session.request((sftp, done) =>
      sftp.write(handle, bytes, 0, bytes.byteLength, position, done),
    );
  }

  /** Reads into a buffer; answers how many bytes came, 0 at the end of the file. */
  read(handle: Handle, buffer: Buffer, position: number): Promise<number> {
    return this.#session.request((sftp, done) =>
      sftp.read(handle, buffer, 0, buffer.byteLength, position, (error, bytes) =>
        done(error, bytes),
      ),
    );
  }

  /** The room where a path is; undefined when the server cannot tell. */
  async room(path: string): Promise<Room | undefined> {
    if (!this.offers('statvfs@openssh.com')) return undefined;
    const { f_bsize, f_frsize, f_bavail, f_flag } = await this.#make<FileSystem>((sftp, done) =>
      sftp.ext_openssh_statvfs(path, done),
    );
    return {
      freeBytes: f_bavail * (f_frsize || f_bsize),
      isReadOnly: (f_flag & READ_ONLY) !== 0,
    };
  }

  async #make<T>(start: Start<T>): Promise<T> {
    this.signal?.throwIfAborted();
    const made = this.#session.request(start);
    return this.signal === undefined ? made : atOnce(this.signal, made);
  }
}
