import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { hashArguments } from '../../src/engine/identity.ts';
import { Resources } from '../../src/engine/resources.ts';
import { canonicalJson, identityHash } from '../../src/serial/canonical.ts';
import { Encoder } from '../../src/serial/encode.ts';

const resources = new Resources({});
const scalar = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.boolean(),
  fc.constantFrom<unknown>(null, undefined, -0, 1n, '\ud800', [], {}),
);

it('hashes arguments alike, whether or not they are encoded value by value', () => {
  fc.assert(
    fc.property(fc.array(scalar), (args) => {
      const encoded = canonicalJson(new Encoder(resources).encode(args));
      expect(hashArguments(args, resources)).toBe(identityHash(encoded));
    }),
  );
});

it('takes a hole in a list of arguments for what it reads as', () => {
  // oxlint-disable-next-line no-sparse-arrays -- that is what is tested
  expect(hashArguments([1, , 2], resources)).toBe(hashArguments([1, undefined, 2], resources));
});

it('keeps its hashes: a resume finds runs of an earlier version by them', () => {
  expect(hashArguments([1, 'a', null, true], resources)).toBe('Jq7bU4-yw-palPy9qyp67t');
});
