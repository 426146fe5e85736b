import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runProgram } from '../../test/run-program.ts';

// The compiled program: Node strips types, but not decorators.
const PROGRAM = fileURLToPath(new URL('dist/main.js', import.meta.url));

it('runs the methods of an instance as tasks, with a date given as text', async () => {
  const { stdout } = await runProgram(PROGRAM, [], '.');
  expect(JSON.parse(stdout)).toEqual({
    reports: [
      { shop: 'Hamburg', day: '2026-01-05', euros: 40 },
      { shop: 'Lyon', day: '2026-01-05', euros: 2 },
    ],
    total: 42,
  });
});

it('refuses what is no date before anything starts', async () => {
  const { stdout } = await runProgram(PROGRAM, ['tomorrow'], '.');
  expect(stdout).toMatch(/Argument 1 of 'daily' was refused: a date/);
});

it('imports the helpers of the compiler instead of repeating them', async () => {
  const compiled = fileURLToPath(new URL('dist/reports.js', import.meta.url));
  expect(await readFile(compiled, 'utf8')).toContain('from "tslib"');
});
