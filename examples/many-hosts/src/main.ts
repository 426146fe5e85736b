import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createEngine } from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { backUpHost, backUpHosts, type Host } from './back-up-hosts.ts';

// Twelve hosts, of which one is not mounted, three at a time: `main.ts [directory]`.
const directory = resolve(process.argv[2] ?? 'many-hosts-data');
const hosts: Host[] = [];
for (let number = 1; number <= 12; number++) {
  const name = `host-${number}`;
  const mount = join(directory, 'mounts', name);
  hosts.push({ name, mount });
  if (number === 7) continue;
  await mkdir(mount, { recursive: true });
  await writeFile(join(mount, 'etc.conf'), `name = ${name}\n`);
}

const engine = createEngine({
  store: sqliteRunStore(join(directory, 'runs.db')),
  flows: [backUpHosts],
  tasks: [backUpHost],
  limits: { hosts: 3 },
  resources: {
    primary: localObjectStore(join(directory, 'primary')),
    vault: localObjectStore(join(directory, 'vault')),
  },
});

const { done, failed } = await engine.run(backUpHosts, [hosts]);
console.log(`${done} hosts are backed up`);
for (const { host, why } of failed) console.log(`${host}: ${why}`);
if (failed.length > 0) process.exitCode = 1;
await engine.stop();
