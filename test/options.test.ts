import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { optionsPage } from '../scripts/options-page.ts';
import { declaredOptions } from './options/declared.ts';
import { GROUPS, isGroup } from './options/groups.ts';
import { PROOFS } from './options/proofs.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

it('docs/options.md says what the sources say: `pnpm docs:options` writes it anew', () => {
  expect(readFileSync(`${root}/docs/options.md`, 'utf8')).toBe(optionsPage());
});

describe.each(Object.keys(GROUPS).filter(isGroup))('every option of the group %s', (group) => {
  const options = declaredOptions(GROUPS[group]);

  it('has its meaning said, and a test that shows it unless it is required', () => {
    const silent = options.filter(({ meaning }) => meaning === '').map(({ name }) => name);
    const unproven = options.filter(({ name, required }) => !required && !(name in PROOFS[group]));
    expect({ silent, unproven: unproven.map(({ name }) => name) }).toEqual({
      silent: [],
      unproven: [],
    });
  });

  it('is shown by a test that exists', () => {
    const missing = Object.values(PROOFS[group]).filter(
      ({ file, test }) => !readFileSync(`${root}/${file}`, 'utf8').includes(`'${test}'`),
    );
    expect(missing).toEqual([]);
  });

  it('is declared', () => {
    const names = new Set(options.map(({ name }) => name));
    expect(Object.keys(PROOFS[group]).filter((name) => !names.has(name))).toEqual([]);
  });
});
