import { join } from 'node:path';
import { createApp } from './app.ts';
import { createBackups } from './backups.ts';

// Where the data lies and where to listen. The database's password is read from SHOP_PASSWORD by each run that needs it.
const { DATA = '.', DB_HOST = 'localhost', DB_PORT = '5432', PORT = '8080' } = process.env;

const backups = createBackups({
  database: { host: DB_HOST, port: Number(DB_PORT), user: 'backup' },
  uploads: join(DATA, 'uploads'),
  data: DATA,
});

// What an earlier process left goes on, and the nights are kept from here on.
await backups.engine.serve();

const app = createApp(backups);
console.log(`listening on ${await app.listen({ port: Number(PORT) })}`);

process.once('SIGTERM', () => {
  app.close().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
});
