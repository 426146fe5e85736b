// A host that looks at nothing: one child fails, one is killed, one is aborted.
import { startChild } from '../../src/process/index.ts';

process.on('unhandledRejection', (error) => {
  console.log('unhandled', error);
});

const aborting = new AbortController();
const children = await Promise.all([
  startChild('/bin/sh', { args: ['-c', 'echo text; exit 3'] }),
  startChild('/bin/sh', { args: ['-c', 'exec sleep 1000'], stdin: 'pipe' }),
  startChild('/bin/sh', { args: ['-c', 'exec sleep 1000'], signal: aborting.signal }),
]);
void children[1]?.kill();
children[1]?.stdin?.write('nobody reads this');
aborting.abort(new Error('over'));
await Promise.all(children.map((child) => child.exited));
process.once('beforeExit', () => console.log('quiet'));
