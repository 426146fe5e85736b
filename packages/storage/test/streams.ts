import type { ObjectStore } from '@holdfast/core';

/** All that a stream gives. */
export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** An object as text. */
export async function textOf(store: ObjectStore, key: string): Promise<string> {
  return Buffer.concat(await all(store.get(key))).toString();
}

/** A body of texts, which cannot be read again. */
export async function* texts(...chunks: string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

/** A body that breaks after four bytes: 'the dump broke'. */
export async function* brokenBody(): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from('half');
  throw new Error('the dump broke');
}
