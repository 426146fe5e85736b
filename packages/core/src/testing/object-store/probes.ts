import assert from 'node:assert/strict';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { ObjectStoreError, objectStoreProblem } from '../../store/object-store.ts';
import type { GetOptions, ObjectStore, ObjectStoreProblem } from '../../store/object-store.ts';
import type { ObjectStoreSubject } from './check.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** A prime, so that no stretch of a round size repeats. */
const TILE_BYTES = 65_521;

function tile(seed: number): Uint8Array {
  const result = new Uint8Array(TILE_BYTES);
  let state = Math.imul(seed, 0x9e3779b1) >>> 0 || 1;
  for (let at = 0; at < TILE_BYTES; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    result[at] = state;
  }
  return result;
}

/** Bytes that tell their place: chunks that are swapped, lost or repeated show, and so does a seed. */
export function contents(bytes: number, seed = 1): Uint8Array {
  const result = new Uint8Array(bytes);
  const pattern = tile(seed);
  for (let at = 0; at < bytes; at += TILE_BYTES) {
    pattern[0] = at / TILE_BYTES;
    result.set(pattern.subarray(0, bytes - at), at);
  }
  return result;
}

/** A body that comes in chunks of a size. */
export async function* inChunks(
  bytes: Uint8Array,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.slice(at, at + size);
}

/** All of an object, read from its store. */
export async function read(
  store: ObjectStore,
  key: string,
  options?: GetOptions,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.get(key, options)) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** All keys that a listing gives, in its order. */
export async function keysOf(store: ObjectStore, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/** Compares bytes; says where they part instead of printing megabytes. */
export function assertBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(actual, expected) === 0) return;
  const at = expected.findIndex((byte, index) => actual[index] !== byte);
  const lengths = `${actual.byteLength} bytes where ${expected.byteLength} were written`;
  assert.fail(`${what}: ${lengths}; they part at ${at === -1 ? expected.byteLength : at}`);
}

/** Fails unless the store holds exactly these bytes under the key, however one asks. */
export async function assertHolds(
  store: ObjectStore,
  key: string,
  expected: Uint8Array,
): Promise<void> {
  assertBytes(await read(store, key), expected, `get('${key}')`);
  assert.equal((await store.head(key))?.bytes, expected.byteLength, `size in head('${key}')`);
  assert.ok((await keysOf(store)).includes(key), `'${key}' is in the list`);
}

/** Fails unless there is nothing under the key, however one asks. */
export async function assertNothing(store: ObjectStore, key: string): Promise<void> {
  assert.equal(await store.head(key), undefined, `head('${key}')`);
  assert.ok(!(await keysOf(store)).includes(key), `'${key}' is not in the list`);
  await assertProblem(() => read(store, key), 'missing', `get('${key}')`);
}

/** The error that a call fails with; fails when it succeeds. */
export async function failureOf(call: () => Promise<unknown>, what: string): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return assert.fail(`${what} succeeded`);
}

const RETRYABLE: readonly ObjectStoreProblem[] = ['unavailable', 'incomplete'];

/** Fails unless a call fails with an ObjectStoreError of this kind, fit for a person and for a retry. */
export async function assertProblem(
  call: () => Promise<unknown>,
  problem: ObjectStoreProblem,
  what: string,
): Promise<void> {
  const error = await failureOf(call, what);
  const kind = objectStoreProblem(error);
  assert.equal(kind, problem, `${what} failed with ${String(error)}, not as '${problem}'`);
  assert.ok(isHoldfastError(error));
  assert.equal(error.code, new ObjectStoreError(problem, '').code, `code of ${what}`);
  assert.equal(error.retryable, RETRYABLE.includes(problem), `retryable of ${what}`);
}

/** Fails unless a call fails with exactly this value. */
export async function assertFailsWith(
  call: () => Promise<unknown>,
  expected: unknown,
  what: string,
): Promise<void> {
  const error = await failureOf(call, what);
  assert.ok(error === expected, `${what} failed with ${String(error)}, not with what was thrown`);
}

/** For machines with other things to do. */
const PATIENCE_MS = 15_000;

/** Waits for what has to end by itself; fails when it hangs. */
export async function within<T>(
  subject: ObjectStoreSubject,
  what: string,
  call: Promise<T>,
): Promise<T> {
  const patience = subject.patience ?? PATIENCE_MS;
  const { promise: deadline, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new assert.AssertionError({ message: `${what} hangs: ${patience} ms passed` })),
    patience,
  );
  try {
    return await Promise.race([call, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Fails unless the store holds nothing for reads, or frees the last of it in time. */
export async function assertFreed(subject: ObjectStoreSubject, what: string): Promise<void> {
  const end = Date.now() + (subject.patience ?? PATIENCE_MS);
  for (;;) {
    const held = (await subject.held?.()) ?? 0;
    if (held === 0) return;
    assert.ok(Date.now() < end, `${what}: ${held} still held`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
