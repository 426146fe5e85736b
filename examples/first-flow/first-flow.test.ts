import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../../test/run-program.ts';

const program = fileURLToPath(new URL('src/main.ts', import.meta.url));
const readme = fileURLToPath(new URL('../../README.md', import.meta.url));

it('goes on after a crash, and executes no completed task again', { timeout: 60_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'first-flow-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));

  const crashed = await runProgram(program, ['--crash'], directory);
  expect(crashed.signal).toBe('SIGKILL');
  expect(crashed.stdout.split('\n')).toEqual(
    expect.arrayContaining([
      'fetchOrders: AwaitingRetry',
      'fetchOrders: Completed',
      'addUp: Running',
    ]),
  );

  const resumed = await runProgram(program, [], directory);
  expect(resumed.stdout.trimEnd().split('\n')).toEqual([
    'daily: AwaitingRecovery',
    'daily: Resumed',
    'fetchOrders: not executed again',
    'addUp: AwaitingRecovery',
    'addUp: Resumed',
    'addUp: Completed',
    'daily: Completed',
    'total: 42',
  ]);
  expect(resumed.code).toBe(0);
});

it.each(['daily.ts', 'main.ts'])('README.md shows %s as it is', (name) => {
  const marker = `<!-- example: examples/first-flow/src/${name} -->`;
  const [, after = ''] = readFileSync(readme, 'utf8').split(marker);
  const shown = /^\s*```ts\n(?<code>[^]*?)^```$/m.exec(after)?.groups?.['code'];
  expect(shown).toBe(readFileSync(new URL(`src/${name}`, import.meta.url), 'utf8'));
});
