import { createHash } from 'node:crypto';
import { memoryObjectStore } from '@holdfast/core';
import { faultyObjectStore } from '@holdfast/core/testing';
import type { ObjectStoreFault } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';
import { memoryChecksumLedger, withChecksums } from '../../src/layers/index.ts';
import type { ChecksumLayerOptions } from '../../src/layers/index.ts';
import { all, textOf, texts } from '../streams.ts';

const DAMAGED = { problem: 'incomplete', retryable: true };

function checked(plan: readonly ObjectStoreFault[], options?: ChecksumLayerOptions) {
  const memory = memoryObjectStore();
  const faulty = faultyObjectStore(memory, plan);
  return { memory, faulty, store: withChecksums(faulty, options) };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('a write that is not kept as it was sent', () => {
  it.each<[string, ObjectStoreFault]>([
    ['in part', { fault: 'short-write', on: 'put', bytes: 3 }],
    ['with a wrong bit', { fault: 'flip', on: 'put', atByte: 4 }],
    ['not at all', { fault: 'lose', on: 'put' }],
  ])('is told of when it is kept %s', async (_, fault) => {
    for (const body of [Buffer.from('some bytes'), texts('some ', 'bytes')]) {
      const { store } = checked([fault]);
      await expect(store.put('a', body)).rejects.toMatchObject(DAMAGED);
      await store.put('a', Buffer.from('good'));
      expect(await textOf(store, 'a')).toBe('good');
    }
  });

  it('is found by the next read when it is not read back', async () => {
    const flip = { fault: 'flip', on: 'put', atByte: 4 } as const;
    const { store, faulty } = checked([flip], { readBack: false });
    await store.put('a', texts('some ', 'bytes'));
    expect(faulty.calls.map(({ method }) => method)).toEqual(['put']);
    await expect(textOf(store, 'a')).rejects.toMatchObject(DAMAGED);
  });
});

describe('a read of something else than was written', () => {
  it.each<[string, ObjectStoreFault]>([
    ['has a wrong bit', { fault: 'flip', on: 'get', nth: 2, atByte: 4 }],
    ['ends early', { fault: 'cut', on: 'get', nth: 2, afterBytes: 4 }],
  ])('does not end well when it %s', async (_, fault) => {
    const { store } = checked([fault]);
    await store.put('a', texts('some ', 'bytes'));
    await expect(textOf(store, 'a')).rejects.toMatchObject(DAMAGED);
    expect(await textOf(store, 'a')).toBe('some bytes');
  });

  it('is told of after another has replaced the object', async () => {
    const { memory, store } = checked([]);
    await store.put('a', texts('mine'));
    await memory.put('a', texts('theirs'));
    await expect(textOf(store, 'a')).rejects.toMatchObject({
      ...DAMAGED,
      context: { key: 'a', found: sha256('theirs'), expected: [sha256('mine')] },
    });
  });

  it('is told of in a copy', async () => {
    const { memory, store } = checked([]);
    await store.put('a', texts('mine'));
    await store.copy!('a', 'b');
    await memory.put('b', texts('theirs'));
    await expect(textOf(store, 'b')).rejects.toMatchObject(DAMAGED);
    await memory.put('a', texts('theirs'));
    await expect(store.copy!('a', 'c')).rejects.toMatchObject(DAMAGED);
  });
});

describe('what is not compared', () => {
  it('are ranges, and objects of which nothing is known', async () => {
    const { memory, store } = checked([]);
    await store.put('a', texts('mine'));
    await memory.put('a', texts('theirs'));
    await memory.put('b', texts('unknown'));
    expect(Buffer.concat(await all(store.get('a', { start: 1 }))).toString()).toBe('heirs');
    expect(await textOf(store, 'b')).toBe('unknown');
  });

  it('is a copy of something unknown onto something known', async () => {
    const { memory, store } = checked([]);
    await store.put('a', texts('known'));
    await memory.put('b', texts('unknown'));
    await store.copy!('b', 'a');
    expect(await textOf(store, 'a')).toBe('unknown');
  });

  it('is what is written by others after a delete', async () => {
    const { memory, store } = checked([]);
    await store.put('a', texts('mine'));
    await store.delete('a');
    await memory.put('a', texts('theirs'));
    expect(await textOf(store, 'a')).toBe('theirs');
  });
});

describe('a ledger', () => {
  it('is what a layer compares with, whoever has written it', async () => {
    const ledger = memoryChecksumLedger();
    const { memory, store } = checked([], { ledger });
    await store.put('a', texts('one ', 'object'));
    expect(await ledger.get('a')).toEqual([sha256('one object')]);
    const second = withChecksums(memory, { ledger });
    expect(await textOf(second, 'a')).toBe('one object');
    await memory.put('a', texts('another'));
    await expect(textOf(second, 'a')).rejects.toMatchObject(DAMAGED);
    await second.delete('a');
    expect(await ledger.get('a')).toBeUndefined();
  });

  it('knows both of two writes that meet, and one of the next that is alone', async () => {
    const ledger = memoryChecksumLedger();
    const { store } = checked([], { ledger });
    await Promise.all([store.put('a', texts('one')), store.put('a', texts('two'))]);
    expect(new Set(await ledger.get('a'))).toEqual(new Set([sha256('one'), sha256('two')]));
    expect(['one', 'two']).toContain(await textOf(store, 'a'));
    await store.put('a', texts('three'));
    expect(await ledger.get('a')).toEqual([sha256('three')]);
  });

  it('keeps what may be there after a write whose answer was lost', async () => {
    const lost = { fault: 'lost-answer', on: 'put', nth: 2 } as const;
    const { store } = checked([lost]);
    await store.put('a', texts('old'));
    await expect(store.put('a', texts('new'))).rejects.toMatchObject({ problem: 'unavailable' });
    expect(await textOf(store, 'a')).toBe('new');
  });

  it('is asked for by an option that is known', () => {
    const options = { readback: false } as ChecksumLayerOptions;
    expect(() => withChecksums(memoryObjectStore(), options)).toThrow("no option 'readback'");
  });
});
