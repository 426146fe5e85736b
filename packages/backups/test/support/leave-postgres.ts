// Run as a program of its own, and killed in the middle of a drill: leaves a scratch PostgreSQL.
import { memoryObjectStore } from '@holdfast/core';
import { createBackup, postgresSource, verifyBackup } from '../../src/index.ts';

const [scratchRoot = '', port = ''] = process.argv.slice(2);
const store = memoryObjectStore();
const source = postgresSource({
  name: 'shop',
  host: '127.0.0.1',
  port: Number(port),
  user: 'postgres',
  databases: 'shop',
});
const backup = await createBackup({ source, store, storeName: 'primary', scratchRoot });
await verifyBackup({
  backup,
  store,
  scratchRoot,
  check: async (db) => {
    const [row] = await db.query("SELECT current_setting('data_directory') AS directory");
    process.stdout.write(`${JSON.stringify({ ...row, socket: db.server.host })}\n`);
    await new Promise(() => setInterval(() => undefined, 1000));
  },
});
