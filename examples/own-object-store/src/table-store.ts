import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { bodyChunks, checkObjectKey, checkObjectPrefix, checkRange } from '@holdfast/core';
import { ObjectStoreError, rangeWithin } from '@holdfast/core';
import type { GetOptions, ObjectBody, ObjectInfo, ObjectStore } from '@holdfast/core';
import type { ObjectStoreProblem, PutOptions } from '@holdfast/core';

const LARGEST = 100 * 1024 * 1024;
const CHUNK = 1024 * 1024;
const INFO = 'select key, length(content) as bytes, modified_at as modifiedAt from object';
/** What SQLite's result codes mean to a store: https://sqlite.org/rescode.html. Others may pass. */
const PROBLEMS: Record<number, ObjectStoreProblem> = { 8: 'denied', 13: 'full' };

type Signalled = { readonly signal?: AbortSignal };
type Stream<T> = AsyncGenerator<T, void, undefined>;

function refuse(problem: ObjectStoreProblem, what: string, cause?: unknown): never {
  throw new ObjectStoreError(problem, `${what}: ${problem}.`, { cause });
}

/** An object store in a table of a SQLite database, of objects up to 100 MiB: it holds one in memory at a time. */
export class TableStore implements ObjectStore {
  readonly url: string;
  readonly properties = { ifAbsent: true, serverSideCopy: false, maxObjectBytes: LARGEST };
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.url = `table:${encodeURIComponent(path)}`;
    this.#db = new DatabaseSync(path);
    // Synchronous: an object is on the disk before its put resolves.
    this.#db.exec(`pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000;
      create table if not exists object (key text primary key, content blob, modified_at int) strict`);
  }

  /** Asks SQLite for rows; its errors become those of an object store. */
  #ask(sql: string, ...values: SQLInputValue[]): unknown[] {
    try {
      return this.#db.prepare(sql).all(...values);
    } catch (cause) {
      const { errcode = 0 } = cause as { errcode?: number };
      return refuse(PROBLEMS[errcode & 0xff] ?? 'unavailable', `ask ${this.url}`, cause);
    }
  }

  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<ObjectInfo> {
    const { ifAbsent = false, retainUntil, signal } = options;
    if (retainUntil !== undefined) refuse('invalid', `keep '${checkObjectKey(key)}' until a time`);
    if ((await this.head(key)) && ifAbsent) refuse('exists', `write '${key}'`);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of bodyChunks(body, signal)) {
      bytes += chunk.byteLength;
      if (bytes > LARGEST) refuse('invalid', `write '${key}', which is too large`);
      chunks.push(Uint8Array.from(chunk));
    }
    const conflict = ifAbsent ? 'nothing' : 'update set (content, modified_at) = (?2, ?3)';
    const insert = `insert into object values (?1, ?2, ?3) on conflict do ${conflict} returning key`;
    const modifiedAt = Date.now();
    const written = this.#ask(insert, key, Buffer.concat(chunks), modifiedAt);
    return written.length > 0 ? { key, bytes, modifiedAt } : refuse('exists', `write '${key}'`);
  }

  async *get(key: string, options: GetOptions = {}): Stream<Uint8Array> {
    checkRange(checkObjectKey(key), options);
    options.signal?.throwIfAborted();
    const [row] = this.#ask('select content from object where key = ?', key);
    const { content } = (row ?? refuse('missing', `read '${key}'`)) as { content: Uint8Array };
    const { start, end } = rangeWithin(content.byteLength, options);
    for (let at = start; at < end; at += CHUNK) {
      yield content.subarray(at, Math.min(at + CHUNK, end));
      options.signal?.throwIfAborted();
    }
  }

  async head(key: string, options: Signalled = {}): Promise<ObjectInfo | undefined> {
    options.signal?.throwIfAborted();
    return this.#ask(`${INFO} where key = ?`, checkObjectKey(key))[0] as ObjectInfo | undefined;
  }

  async *list(prefix: string, options: Signalled = {}): Stream<ObjectInfo> {
    // SQLite compares texts by the bytes of their UTF-8: the order of a listing.
    const next = `${INFO} where key > ? and substr(key, 1, length(?2)) = ?2 order by key limit 1`;
    for (let last = ''; ;) {
      options.signal?.throwIfAborted();
      const [info] = this.#ask(next, last, checkObjectPrefix(prefix)) as [ObjectInfo?];
      if (info === undefined) return;
      last = info.key;
      yield info;
    }
  }

  async delete(key: string, options: Signalled = {}): Promise<void> {
    options.signal?.throwIfAborted();
    this.#ask('delete from object where key = ?', checkObjectKey(key));
  }

  async close(): Promise<void> {
    if (this.#db.isOpen) this.#db.close();
  }
}
