// Starts a child with the script given, tells of it when the child is ready, and is killed at once.
import { startChild } from '../../src/process/index.ts';

const child = await startChild('/bin/sh', { args: ['-c', process.argv[2] ?? ''] });
child.stdout?.once('data', () => {
  process.stdout.write(JSON.stringify(child.identity), () => process.kill(process.pid, 'SIGKILL'));
});
