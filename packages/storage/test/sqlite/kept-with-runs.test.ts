import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { commandLine, start } from './child-process.ts';
import { engineOn, kept } from './kept-flow.ts';
import { scratchDirectory } from './scratch.ts';

function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

it(
  'what a killed process has logged, left and put into the object store is there',
  { timeout: 60_000 },
  async () => {
    const directory = await scratchDirectory();
    const child = start(commandLine('hang-in-a-flow', directory), (_, { process: running }) =>
      running.kill('SIGKILL'),
    );
    const { by, stderr } = await child.ended;
    expect(by, stderr).toBe('SIGKILL');
    const engine = engineOn(directory);
    onTestFinished(() => engine.stop());
    const { resumed } = await engine.recover();
    const [handle] = resumed;
    expect(await handle?.result()).toBe(5000);
    const { id } = handle!;
    expect((await engine.logs(id)).map(({ message, fields }) => [message, fields?.['n']])).toEqual([
      ['makes something large', '5000'],
      ['hangs', undefined],
      ['taken up again after its process had died: recovery 1 of 3', undefined],
      ['taken up again after its process had died: recovery 1 of 3', undefined],
    ]);
    expect(await engine.artifacts(id)).toMatchObject([
      { key: 'progress', body: { kind: 'progress', done: 5000, total: 5000, unit: 'bytes' } },
      { key: 'made', description: 'What was made.', body: { columns: ['bytes'], rows: [[5000]] } },
      { key: 'waits', body: { kind: 'markdown', markdown: 'It hangs.' } },
    ]);
    expect(files(join(directory, 'objects'))).toHaveLength(1);
    expect(await engine.sweepResults()).toEqual({ objects: 0, bytes: 0 });
  },
);

it('is forgotten with its run', { timeout: 60_000 }, async () => {
  const directory = await scratchDirectory();
  const engine = engineOn(directory);
  onTestFinished(() => engine.stop());
  await engine.run(kept, [5000]);
  await engine.run(kept, [6000]);
  const endedBefore = new Date(Date.now() + 1000);
  expect(await engine.prune({ endedBefore, limit: 1 })).toEqual({ roots: 1, runs: 3, objects: 1 });
  const runs = await engine.runs({ createdFrom: 0, stateNames: ['Completed'] });
  expect(runs).toHaveLength(3);
  expect(await engine.logs(runs[0]!.rootId)).toHaveLength(1);
  expect(files(join(directory, 'objects'))).toHaveLength(1);
  expect(await engine.prune({ endedBefore })).toEqual({ roots: 1, runs: 3, objects: 1 });
  expect(await engine.runs()).toEqual([]);
});
