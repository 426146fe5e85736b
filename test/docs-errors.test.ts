import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Literals that look like a code and are none. */
const NO_CODES = new Map([
  ['ERR_MODULE_NOT_FOUND', 'is what Node says of a package that is not installed'],
  ['SSH_AUTH_SOCK', 'is the variable that names the socket of an SSH agent'],
  ['END_OF_CHECKS', 'ends the here-document of the commands that restore a SQLite database'],
]);

const LITERAL = /'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g;
/** Codes of a single word look like states: they count where an error is made of them. */
const THROWN = /new HoldfastError\(\s*'([A-Z][A-Z0-9_]*)'/g;
const COMMENT = /\/\*\*[^]*?\*\/|^\s*\/\/.*$/gm;

function codesInSources(): string[] {
  const files = globSync('packages/*/src/**/*.ts', { cwd: root }).filter(
    (file) => !file.includes('/testing/') && !/\.test(-d)?\.ts$/.test(file),
  );
  const codes = new Set<string>();
  for (const file of files) {
    const source = readFileSync(`${root}/${file}`, 'utf8').replaceAll(COMMENT, '');
    for (const pattern of [LITERAL, THROWN]) {
      for (const [, code = ''] of source.matchAll(pattern)) codes.add(code);
    }
  }
  return [...codes].filter((code) => !NO_CODES.has(code)).toSorted();
}

interface Section {
  readonly code: string;
  readonly text: string;
}

function sections(): Section[] {
  const page = readFileSync(`${root}/docs/errors.md`, 'utf8');
  return page
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [code = '', ...lines] = section.split('\n');
      return { code, text: lines.join('\n') };
    });
}

describe('docs/errors.md', () => {
  const documented = sections();
  const codes = documented.map(({ code }) => code);

  it('has a section for every code in the sources, and no other', () => {
    expect(codes.toSorted()).toEqual(codesInSources());
  });

  it('is in alphabetical order', () => {
    expect(codes).toEqual(codes.toSorted());
  });

  it.each(documented)('says what to do about $code, and whether it is retried', ({ text }) => {
    const paragraphs = text.trim().split(/\n\n+/);
    expect(paragraphs.length).toBeGreaterThanOrEqual(3);
    expect(paragraphs.at(-1)).toMatch(/^Retried: /);
  });

  it('excludes nothing that is gone from the sources', () => {
    const sources = globSync('packages/*/src/**/*.ts', { cwd: root })
      .map((file) => readFileSync(`${root}/${file}`, 'utf8'))
      .join('\n');
    expect([...NO_CODES.keys()].filter((literal) => !sources.includes(`'${literal}'`))).toEqual([]);
  });
});
