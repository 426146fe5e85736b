import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../packages/core', import.meta.url));

const LISTED = /^export (?:type )?\{(?<names>[^}]*)\} from/gm;
const WHOLE = /^export (?:type )?\* from '(?<file>[^']+)'/gm;
const DECLARED =
  /^export (?:declare |abstract |async )*(?:function\*?|const|class|interface|type) (?<name>\w+)/gm;

/** The names that a module exports, those of other modules that it passes on included. */
function exportsOf(file: string): string[] {
  const source = readFileSync(file, 'utf8');
  const listed = [...source.matchAll(LISTED)].flatMap(({ groups }) =>
    (groups?.['names'] ?? '').split(',').map((name) => name.trim().replace(/^type /, '')),
  );
  const declared = [...source.matchAll(DECLARED)].map(({ groups }) => groups?.['name'] ?? '');
  const whole = [...source.matchAll(WHOLE)].flatMap(({ groups }) =>
    exportsOf(join(dirname(file), groups?.['file'] ?? '')),
  );
  return [...listed, ...declared, ...whole].filter((name) => name !== '');
}

const tests = globSync('test/types/*.ts', { cwd: root })
  .map((file) => readFileSync(join(root, file), 'utf8'))
  .join('\n');

describe('every public name of @holdfast/core stands in a type test', () => {
  it.each(['src/index.ts', 'src/process/index.ts', 'src/testing/index.ts'])('of %s', (entry) => {
    const names = exportsOf(join(root, entry));
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(tests))).toEqual([]);
  });
});
