import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { RunStoreHarness } from '@holdfast/core/testing';
import { hasPostgres, POSTGRES_NEEDED, startPostgres } from '../../../../test/servers/postgres.ts';
import type { PostgresOptions, PostgresServer } from '../../../../test/servers/postgres.ts';
import { postgresRunStore } from '../../src/postgres/index.ts';
import type { PostgresRunStore, PostgresRunStoreOptions } from '../../src/postgres/index.ts';
import { isProvided } from '../provided.ts';

/** Whether the tests of this file can run. */
export const canRun = isProvided(hasPostgres, POSTGRES_NEEDED);

/** A server for the tests of a file, with a database for each that asks. */
export interface Databases {
  readonly server: PostgresServer;
  /** The name of an empty database. */
  fresh(): string;
}

/** Starts a server before the tests of a file, and stops it after them. */
export function databases(options?: PostgresOptions): Databases {
  let server: PostgresServer | undefined;
  let made = 0;
  const running = (): PostgresServer => {
    if (server === undefined) throw new Error('The server is not started yet');
    return server;
  };
  beforeAll(async () => {
    if (canRun) server = await startPostgres(options);
  }, 60_000);
  afterAll(() => server?.stop());
  return {
    get server() {
      return running();
    },
    fresh: () => {
      const name = `test_${++made}`;
      running().createDatabase(name);
      return name;
    },
  };
}

/** An open store, closed when the test has finished. */
export async function openStore(
  url: string,
  options: PostgresRunStoreOptions = {},
): Promise<PostgresRunStore> {
  const store = postgresRunStore({ url, ...options });
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

/** What the contract suite needs: each check has a schema of its own in one database. */
export function postgresHarness(
  { server }: Databases,
  url: string,
  options: PostgresRunStoreOptions = {},
): () => Promise<RunStoreHarness> {
  let made = 0;
  return async () => {
    const schema = `suite_${++made}`;
    const opened: PostgresRunStore[] = [];
    const open = async (): Promise<PostgresRunStore> => {
      const store = postgresRunStore({ url, schema, ...options });
      opened.push(store);
      await store.open();
      return store;
    };
    return {
      store: await open(),
      reopen: async () => {
        await opened.at(-1)?.close();
        return open();
      },
      damage: async (id) => {
        server.sql(`update ${schema}.run set body_json = '{"tags":' where id = '${id}'`);
      },
      close: async () => {
        for (const store of opened) await store.close();
        server.sql(`set client_min_messages = warning; drop schema ${schema} cascade`);
      },
    };
  };
}
