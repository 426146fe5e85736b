import { expectTypeOf, it } from 'vitest';
import {
  bodyChunks,
  checkObjectKey,
  checkObjectPrefix,
  checkRange,
  compareObjectKeys,
  isObjectKey,
  isReplayable,
  layeredStore,
  MAX_KEY_BYTES,
  MAX_PART_BYTES,
  memoryObjectStore,
  ObjectStoreError,
  objectStoreProblem,
  rangeWithin,
  replayableBody,
  tappedBody,
  type BodyTap,
  type ByteRange,
  type GetOptions,
  type MemoryObjectStoreOptions,
  type ObjectBody,
  type ObjectInfo,
  type ObjectStore,
  type ObjectStoreProblem,
  type ObjectStoreProperties,
  type PutOptions,
  type SweepOptions,
  type SweepReport,
} from '@holdfast/core';

const store: ObjectStore = memoryObjectStore();
const bytes = new Uint8Array(1);
async function* body(): AsyncGenerator<Uint8Array> {
  yield bytes;
}

it('objects are put, read and listed', async () => {
  expectTypeOf(store.put('a', body(), { ifAbsent: true })).toEqualTypeOf<Promise<ObjectInfo>>();
  expectTypeOf(store.get('a', { start: 1, end: 2 })).toEqualTypeOf<AsyncIterable<Uint8Array>>();
  expectTypeOf(store.head('a')).toEqualTypeOf<Promise<ObjectInfo | undefined>>();
  for await (const each of store.list('')) expectTypeOf(each).toEqualTypeOf<ObjectInfo>();
  expectTypeOf(store.properties).toEqualTypeOf<ObjectStoreProperties>();
  // @ts-expect-error -- a text is no body: encode it
  void store.put('a', 'text');
  // @ts-expect-error -- there is no such option
  void store.put('a', bytes, { overwrite: true });
  // @ts-expect-error -- an object that is missing has no size
  void (await store.head('a')).bytes;
});

it('what a store need not have is asked for first', () => {
  // @ts-expect-error -- not every store copies on its side
  void store.copy('a', 'b');
  expectTypeOf(store.copy).toEqualTypeOf<
    ((from: string, to: string, options?: PutOptions) => Promise<ObjectInfo>) | undefined
  >();
  const sweep: SweepOptions = { olderThan: '1d' };
  expectTypeOf(store.sweep?.(sweep)).toEqualTypeOf<Promise<SweepReport> | undefined>();
  // @ts-expect-error -- a store says what it can do
  const silent: ObjectStore = { ...store, properties: { serverSideCopy: false } };
  void silent;
});

it('keys, ranges and bodies are checked by these', () => {
  expectTypeOf(checkObjectKey('a')).toEqualTypeOf<string>();
  expectTypeOf(checkObjectPrefix('a/')).toEqualTypeOf<string>();
  expectTypeOf(isObjectKey('a')).toEqualTypeOf<boolean>();
  expectTypeOf(compareObjectKeys('a', 'b')).toEqualTypeOf<number>();
  expectTypeOf(MAX_KEY_BYTES).toExtend<number>();
  expectTypeOf(MAX_PART_BYTES).toExtend<number>();
  const range: GetOptions = { start: 0 };
  expectTypeOf(checkRange('a', range)).toEqualTypeOf<void>();
  expectTypeOf(rangeWithin(1, range)).toEqualTypeOf<ByteRange>();
  expectTypeOf<Uint8Array | AsyncIterable<Uint8Array>>().toEqualTypeOf<ObjectBody>();
  expectTypeOf(bodyChunks).parameter(0).toEqualTypeOf<ObjectBody>();
  expectTypeOf(replayableBody(body)).toExtend<ObjectBody>();
  expectTypeOf(isReplayable(bytes)).toEqualTypeOf<boolean>();
  const tap = {} as BodyTap;
  expectTypeOf(tappedBody(bytes, () => tap)).toExtend<ObjectBody>();
  expectTypeOf(layeredStore).returns.toExtend<ObjectStore>();
  // @ts-expect-error -- what cannot be read again is made anew by a function
  replayableBody(body());
  // @ts-expect-error -- a key is a text
  checkObjectKey(1);
});

it('errors of stores say what the trouble is', () => {
  const error = new ObjectStoreError('missing', 'gone');
  expectTypeOf(error.problem).toEqualTypeOf<ObjectStoreProblem>();
  expectTypeOf(objectStoreProblem(error as unknown)).toEqualTypeOf<
    ObjectStoreProblem | undefined
  >();
  expectTypeOf(memoryObjectStore)
    .parameter(0)
    .toEqualTypeOf<MemoryObjectStoreOptions | undefined>();
  // @ts-expect-error -- there is no such problem
  void new ObjectStoreError('lost', 'gone');
});
