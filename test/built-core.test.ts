import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import * as core from '@holdfast/core';
import * as processes from '@holdfast/core/process';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** What a program prints as JSON that imports core as its users do: built, and in few files. */
async function printed(program: string): Promise<unknown> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
    cwd: ROOT,
  });
  return JSON.parse(stdout);
}

it('exports what the sources export', async () => {
  const names = await printed(`
    const entries = [await import('@holdfast/core'), await import('@holdfast/core/process')];
    console.log(JSON.stringify(entries.map((entry) => Object.keys(entry))));
  `);
  expect(names).toEqual([Object.keys(core).toSorted(), Object.keys(processes).toSorted()]);
});

it('has one of everything, whichever entry it comes from', async () => {
  const caught = await printed(`
    import { HoldfastError } from '@holdfast/core';
    import { startChild } from '@holdfast/core/process';
    const error = await startChild('holdfast-no-such-program').catch((error) => error);
    console.log(JSON.stringify([error instanceof HoldfastError, error.code]));
  `);
  expect(caught).toEqual([true, 'TOOL_MISSING']);
});

it('is found in few files, and runs', async () => {
  const found = await printed(`
    import { registerHooks } from 'node:module';
    let files = 0;
    registerHooks({ load: (url, context, next) => {
      if (url.includes('/packages/core/')) files++;
      return next(url, context);
    } });
    const { createEngine, flow, memoryRunStore, task } = await import('@holdfast/core');
    const atImport = files;
    const double = task(async (n) => n * 2, { name: 'double' });
    const four = flow(async () => double(2), { name: 'four' });
    const engine = createEngine({ store: memoryRunStore() });
    console.log(JSON.stringify({ few: atImport > 0 && atImport < 10, gave: await engine.run(four) }));
    await engine.stop();
  `);
  expect(found).toEqual({ few: true, gave: 4 });
});
