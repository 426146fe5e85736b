// Run as a program of its own, and killed in the middle of a drill: leaves a database on the server that it was given.
import { memoryObjectStore, secret } from '@holdfast/core';
import { createBackup, mysqlSource, mysqlTarget, verifyBackup } from '../../src/index.ts';

const [scratchRoot = '', port = ''] = process.argv.slice(2);
const store = memoryObjectStore();
const server = { port: Number(port), user: 'restorer', password: secret('env:RESTORER') };
const source = mysqlSource({ name: 'shop', ...server, database: 'shop' });
const backup = await createBackup({ source, store, storeName: 'primary', scratchRoot });
await verifyBackup({
  backup,
  store,
  scratchRoot,
  scratchServer: mysqlTarget(server),
  check: async (db) => {
    process.stdout.write(`${db.server.database}\n`);
    await new Promise(() => setInterval(() => undefined, 1000));
  },
});
