import { expect, it } from 'vitest';
import { sourceOfKind } from '@holdfast/backups';
import { recordDump } from '../../src/testing/source/recorded-dump.ts';

const honest = sourceOfKind('sqlite');

/** Gives its chunks in the same memory, one after the other, as a source may. */
async function* inOneBuffer(texts: readonly string[]): AsyncGenerator<Uint8Array, void, void> {
  const buffer = Buffer.alloc(8);
  for (const text of texts) {
    buffer.fill(0);
    yield await Promise.resolve(buffer.subarray(0, buffer.write(text)));
  }
}

async function* dump() {
  const bytes = inOneBuffer(['first ', 'second ', 'third']);
  yield { plainName: 'letters', layers: [], bytes } as const;
  return await Promise.resolve({} as never);
}

it('a recorded dump is what the source gave, also where its chunks share their memory', async () => {
  const { streams } = await recordDump({ ...honest, dump }, {} as never, {} as never);
  expect(streams.map(({ bytes }) => bytes.toString())).toEqual(['first second third']);
});
