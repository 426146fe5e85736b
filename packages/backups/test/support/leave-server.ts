// Run as a program of its own, and killed: leaves a scratch directory with a server in it.
import { settle } from '../../src/publish/create-backup.ts';
import { startScratchServer } from '../../src/sources/servers/scratch-server.ts';
import { withScratch } from '../../src/sources/workroom.ts';

const [root = ''] = process.argv.slice(2);

await withScratch(root, async (scratch) => {
  const server = await startScratchServer({ ...settle({}), scratch }, 'sleep', { args: ['1000'] });
  process.stdout.write(`${server.identity.pid}\n`);
  await server.done;
});
