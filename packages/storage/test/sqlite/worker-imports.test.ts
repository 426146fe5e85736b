import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const WORKER = new URL('../../src/sqlite/worker.ts', import.meta.url);

/** The modules that a file imports at run time. */
function importsOf(file: URL): string[] {
  const text = readFileSync(fileURLToPath(file), 'utf8');
  return [...text.matchAll(/^(?:import|export) (?!type )[^']*?from '([^']+)'/gm)].map(
    (match) => match[1] ?? '',
  );
}

it('The worker loads without @holdfast/core, which a thread of its own may not find as sources', () => {
  const seen = new Map([[WORKER.href, WORKER]]);
  const others = new Set<string>();
  for (const file of seen.values()) {
    for (const target of importsOf(file)) {
      if (!target.startsWith('.')) others.add(target);
      else {
        const next = new URL(target, file);
        seen.set(next.href, next);
      }
    }
  }
  expect(seen.size).toBeGreaterThan(20);
  expect([...others].toSorted()).toEqual([
    'kysely',
    'kysely/migration',
    'node:fs',
    'node:path',
    'node:sqlite',
    'node:worker_threads',
  ]);
});
