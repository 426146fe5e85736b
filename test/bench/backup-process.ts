// Makes one backup and tells how much memory the whole process took at most: one line of JSON, in bytes.
// Arguments: the way, a directory to work in, a recipient, a tree or a file of text, and how many MiB.
import { join } from 'node:path';
import { resourceUsage } from 'node:process';
import { createBackup, fileTree } from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { withoutZstd } from './backups-bytes.ts';
import { printedSource } from './printed-source.ts';

const POOL_MIB = 24;
const [way = '', root = '', recipient = '', place = '', mebibytes = '0'] = process.argv.slice(2);

const times = Math.ceil(Number(mebibytes) / POOL_MIB);
const args = ['-ec', `for i in $(seq ${times}); do cat "$1"; done`, 'sh', place];
const common = {
  store: localObjectStore(join(root, 'store')),
  storeName: 'bench',
  scratchRoot: join(root, 'scratch'),
  encryption: { recipients: [recipient] },
};
const { path } = await (way === 'tree'
  ? createBackup({ ...common, source: fileTree({ name: 'tree', path: place }) })
  : createBackup({
      ...common,
      source: { kind: 'printed', name: 'bench' },
      sources: [printedSource({ program: 'sh', args })],
      ...(way === 'program-alone' ? { startChild: withoutZstd } : {}),
    }));
console.log(JSON.stringify({ path, peak: resourceUsage().maxRSS * 1024 }));
