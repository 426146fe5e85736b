import { layeredStore, memoryObjectStore } from '@holdfast/core';
import type { SweepOptions } from '@holdfast/core';
import { describe, expect, it } from 'vitest';
import { withPrefix } from '../../src/layers/index.ts';
import { all, textOf, texts } from '../streams.ts';

async function keysOf(store: ReturnType<typeof withPrefix>, prefix = ''): Promise<string[]> {
  return (await all(store.list(prefix))).map(({ key }) => key);
}

describe('withPrefix', () => {
  it('keeps its objects below the prefix, and sees no others', async () => {
    const memory = memoryObjectStore();
    const store = withPrefix(memory, 'team/nightly');
    await store.put('orders/dump', texts('x'));
    await memory.put('team/nightly-other', texts('y'));
    await memory.put('orders/dump', texts('z'));
    expect(await keysOf(memory)).toEqual([
      'orders/dump',
      'team/nightly-other',
      'team/nightly/orders/dump',
    ]);
    expect(await keysOf(store)).toEqual(['orders/dump']);
    expect(await keysOf(store, 'orders/')).toEqual(['orders/dump']);
    expect(await store.head('orders/dump')).toMatchObject({ key: 'orders/dump', bytes: 1 });
    await store.copy!('orders/dump', 'b');
    expect(await textOf(memory, 'team/nightly/b')).toBe('x');
    await store.delete('orders/dump');
    expect(await keysOf(memory)).toContain('orders/dump');
  });

  it('has the URL of its place, before what stands behind the path', () => {
    const memory = memoryObjectStore({ name: 'm' });
    expect(withPrefix(memory, 'a b/c').url).toBe('memory:m/a%20b/c');
    const bucket = layeredStore(memory, { url: 's3://bucket/?region=eu' });
    expect(withPrefix(bucket, 'a').url).toBe('s3://bucket/a?region=eu');
  });

  it('can lie in another one', async () => {
    const memory = memoryObjectStore();
    const store = withPrefix(withPrefix(memory, 'a'), 'b');
    await store.put('c', texts('x'));
    expect(await keysOf(memory)).toEqual(['a/b/c']);
    expect(store.properties.maxKeyBytes).toBe(1024 - 4);
  });

  it.each(['', '/a', 'a/', '../a', 'a/.holdfast-x'])('refuses the prefix %j', (prefix) => {
    const invalid = expect.objectContaining({ code: 'OBJECT_KEY_INVALID' });
    expect(() => withPrefix(memoryObjectStore(), prefix)).toThrow(invalid);
  });

  it('sweeps below the prefix only', async () => {
    const swept: unknown[] = [];
    const sweep = async (options?: SweepOptions): Promise<{ removed: number }> => {
      swept.push(options);
      return { removed: 1 };
    };
    const store = withPrefix(layeredStore(memoryObjectStore(), { sweep }), 'a');
    await store.sweep!({ olderThan: '1h' });
    await store.sweep!({ prefix: 'b/' });
    expect(swept).toEqual([{ olderThan: '1h', prefix: 'a/' }, { prefix: 'a/b/' }]);
  });
});
