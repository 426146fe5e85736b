import { createHash } from 'node:crypto';
import { layeredStore, ObjectStoreError, objectStoreProblem, tappedBody } from '@holdfast/core';
import type { GetOptions, ObjectBody, ObjectInfo, ObjectStore, PutOptions } from '@holdfast/core';
import { memoryChecksumLedger } from './checksum-ledger.ts';
import type { ChecksumLedger } from './checksum-ledger.ts';
import { refuseUnknown } from './refuse-options.ts';

/** How checksums are kept and compared. */
export interface ChecksumLayerOptions {
  /** Where they are kept. Default: in memory, so that what this layer has written is checked. */
  readonly ledger?: ChecksumLedger;
  /** Reads back what was written before `put` resolves. Default true. */
  readonly readBack?: boolean;
}

/** Writes of one key that are under way here, and what they may leave. */
interface Writing {
  writers: number;
  /** Whether two of them have met: which one is left is not known then. */
  met: boolean;
  readonly checksums: Set<string>;
}

class Checksums {
  readonly #store: ObjectStore;
  readonly #ledger: ChecksumLedger;
  readonly #readBack: boolean;
  readonly #writing = new Map<string, Writing>();

  constructor(store: ObjectStore, options: ChecksumLayerOptions) {
    this.#store = store;
    this.#ledger = options.ledger ?? memoryChecksumLedger();
    this.#readBack = options.readBack ?? true;
  }

  put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<ObjectInfo> {
    return this.#write(key, options, (mayLeave) => {
      const hashed = tappedBody(body, () => {
        const hash = createHash('sha256');
        return {
          chunk(bytes) {
            hash.update(bytes);
            return bytes;
          },
          // What is published is known by its checksum before anybody can read it.
          end: () => mayLeave([hash.digest('hex')]),
        };
      });
      return this.#store.put(key, hashed, options);
    });
  }

  copy(from: string, to: string, options: PutOptions = {}): Promise<ObjectInfo> {
    return this.#write(to, options, async (mayLeave) => {
      const known = await this.#known(from);
      // Of a copy of something unknown nothing is known.
      if (known.length === 0) await this.#ledger.set(to, []);
      await mayLeave(known);
      return this.#store.copy!(from, to, options);
    });
  }

  async *get(key: string, options: GetOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const { start = 0, end } = options;
    if (start !== 0 || end !== undefined) {
      yield* this.#store.get(key, options);
      return;
    }
    const before = await this.#known(key);
    const hash = createHash('sha256');
    for await (const chunk of this.#store.get(key, options)) {
      hash.update(chunk);
      yield chunk;
    }
    // The object may have been replaced while its old bytes were read.
    const known = new Set([...before, ...(await this.#known(key))]);
    if (before.length > 0) this.#check(key, hash.digest('hex'), [...known]);
  }

  async delete(key: string, options?: { readonly signal?: AbortSignal }): Promise<void> {
    await this.#store.delete(key, options);
    if (!this.#writing.has(key)) await this.#ledger.set(key, []);
  }

  /** @param write makes the object, and says before that by which checksum it may be known */
  async #write(
    key: string,
    { signal }: PutOptions,
    write: (mayLeave: (checksums: readonly string[]) => Promise<void>) => Promise<ObjectInfo>,
  ): Promise<ObjectInfo> {
    const writing = this.#begin(key);
    let own: readonly string[] = [];
    try {
      const info = await write(async (checksums) => {
        own = checksums;
        for (const checksum of checksums) writing.checksums.add(checksum);
        const kept = (await this.#ledger.get(key)) ?? [];
        if (own.length > 0) await this.#ledger.set(key, [...new Set([...kept, ...own])]);
      });
      if (this.#readBack) await this.#compare(key, signal);
      // The last of those that met knows all that may be left.
      if (writing.writers === 1) {
        await this.#ledger.set(key, writing.met ? [...writing.checksums] : own);
      }
      return info;
    } finally {
      if (--writing.writers === 0) this.#writing.delete(key);
    }
  }

  #begin(key: string): Writing {
    const writing = this.#writing.get(key) ?? { writers: 0, met: false, checksums: new Set() };
    this.#writing.set(key, writing);
    writing.met ||= writing.writers > 0;
    writing.writers++;
    return writing;
  }

  async #compare(key: string, signal: AbortSignal | undefined): Promise<void> {
    const found = await this.#readAll(key, signal);
    const known = await this.#known(key);
    if (known.length > 0) this.#check(key, found, known);
  }

  async #readAll(key: string, signal: AbortSignal | undefined): Promise<string> {
    const hash = createHash('sha256');
    try {
      const options = { lent: true, ...(signal && { signal }) };
      for await (const chunk of this.#store.get(key, options)) hash.update(chunk);
      return hash.digest('hex');
    } catch (cause) {
      if (objectStoreProblem(cause) !== 'missing') throw cause;
      const message = `'${key}' is not in ${this.#store.url}, although it was just written.`;
      throw new ObjectStoreError('incomplete', message, { cause, context: { key } });
    }
  }

  #check(key: string, found: string, known: readonly string[]): void {
    if (known.includes(found)) return;
    throw new ObjectStoreError(
      'incomplete',
      `'${key}' in ${this.#store.url} has the checksum ${found}, not that of what was written.`,
      {
        hint: 'What is there is damaged, or was put there by others. Check the place; write it again, or use another copy.',
        context: { key, found, expected: known },
      },
    );
  }

  async #known(key: string): Promise<readonly string[]> {
    const kept = (await this.#ledger.get(key)) ?? [];
    return [...new Set([...kept, ...(this.#writing.get(key)?.checksums ?? [])])];
  }
}

/**
 * A store that compares what is kept with what was written, by SHA-256.
 *
 * - **On write** the object is read back before `put` or `copy` resolves. When it differs, the call fails with
 *   `OBJECT_INCOMPLETE`; what is there is left for a look at it.
 * - **On read** a whole object is compared at its end: a `get` without a range throws `OBJECT_INCOMPLETE` instead of
 *   ending. Ranges cannot be compared, nor objects of which the ledger knows nothing.
 *
 * All writers of a key go through this layer, with one ledger: what somebody else has put there is taken for damage.
 * The stored bytes are the same as without it.
 *
 * @throws `OPTIONS_INVALID`
 */
export function withChecksums(store: ObjectStore, options: ChecksumLayerOptions = {}): ObjectStore {
  refuseUnknown('withChecksums', options, ['ledger', 'readBack']);
  const checksums = new Checksums(store, options);
  return layeredStore(store, {
    put: (key, body, given) => checksums.put(key, body, given),
    get: (key, given) => checksums.get(key, given),
    delete: (key, given) => checksums.delete(key, given),
    copy: store.copy && ((from, to, given) => checksums.copy(from, to, given)),
  });
}
