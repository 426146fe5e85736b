import { compareObjectKeys, ObjectStoreError } from '@holdfast/core';
import type { ObjectInfo } from '@holdfast/core';

/** The beginning of a key up to the first character from U+D800 on, by which the two orders can part; undefined without one. */
function parting(key: string): string | undefined {
  for (let at = 0; at < key.length; at++) {
    if (key.charCodeAt(at) >= 0xd800) return key.slice(0, at);
  }
  return undefined;
}

type Infos = AsyncGenerator<ObjectInfo, void, undefined>;

/**
 * A listing that a service gives in the order of UTF-16 code units or of UTF-8, in the order of UTF-8. Only keys that
 * begin alike up to a character from U+D800 on can stand otherwise: those are held back until the last of them is there.
 */
export async function* sortedByUtf8(infos: AsyncIterable<ObjectInfo>): Infos {
  let held: ObjectInfo[] = [];
  let start = '';
  const isHeld = (key: string): boolean =>
    key.startsWith(start) && key.charCodeAt(start.length) >= 0xd800;
  for await (const info of infos) {
    if (held.length > 0 && isHeld(info.key)) {
      held.push(info);
      continue;
    }
    yield* held.toSorted((a, b) => compareObjectKeys(a.key, b.key));
    held = [];
    const begin = parting(info.key);
    if (begin === undefined) {
      yield info;
    } else {
      start = begin;
      held = [info];
    }
  }
  yield* held.toSorted((a, b) => compareObjectKeys(a.key, b.key));
}

/**
 * A listing that is held to its order.
 *
 * @throws `OBJECT_STORE_INVALID` when a service lists otherwise: what relies on the order would miss objects
 */
export async function* checkedOrder(infos: AsyncIterable<ObjectInfo>, url: string): Infos {
  let last: string | undefined;
  for await (const info of infos) {
    if (last !== undefined && compareObjectKeys(last, info.key) >= 0) {
      throw new ObjectStoreError('invalid', `${url} lists '${info.key}' behind '${last}'.`, {
        hint: 'Buckets and accounts with an order of their own (S3 directory buckets, hierarchical namespaces) cannot be used.',
        context: { key: info.key, last },
      });
    }
    last = info.key;
    yield info;
  }
}
