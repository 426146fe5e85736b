import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { identifyProcess, isAlive } from '@holdfast/core/process';
import { withScratch } from '../src/sources/workroom.ts';
import { startScratchServer } from '../src/sources/servers/scratch-server.ts';
import { leftIn, testRooms, workroomIn } from './support/rooms.ts';

const rooms = testRooms();
const PROGRAM = fileURLToPath(new URL('support/leave-server.ts', import.meta.url));

it('a server that a killed process left in its scratch directory is ended by who sweeps it', async () => {
  const parent = spawn(
    process.execPath,
    ['--conditions=@holdfast/source', PROGRAM, rooms.scratchRoot],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const server = identifyProcess(Number(line.toString()));
  if (server === undefined) expect.fail('the server did not outlive its parent');
  onTestFinished(() => {
    if (isAlive(server) === 'alive') process.kill(-server.pid, 'SIGKILL');
  });
  expect(await leftIn(rooms.scratchRoot)).toHaveLength(1);
  await withScratch(rooms.scratchRoot, async () => {
    expect(isAlive(server)).toBe('dead');
    expect(await leftIn(rooms.scratchRoot)).toHaveLength(1);
  });
}, 60_000);

it("a scratch server is ended by its room's signal", async () => {
  const controller = new AbortController();
  await withScratch(rooms.scratchRoot, async (scratch) => {
    const room = { ...workroomIn(scratch), signal: controller.signal };
    const server = await startScratchServer(room, 'sleep', { args: ['1000'] });
    controller.abort(new Error('given up'));
    await expect(server.done).rejects.toThrow('given up');
    expect(isAlive(server.identity)).toBe('dead');
  });
});
