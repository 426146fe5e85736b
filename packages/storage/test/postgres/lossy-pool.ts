import { Pool } from 'pg';
import type { PostgresClient, PostgresPool } from '../../src/postgres/index.ts';

/** Says of a statement what shall become of its answer; undefined: it is given. */
export type Fate = (text: string) => 'unsent' | 'lost' | undefined;

/** A host's pool whose connections are cut where `fate` says: before a statement is sent, or after it was executed. */
export function lossyPool(url: string, fate: Fate): PostgresPool & { end(): Promise<void> } {
  const pool = new Pool({ connectionString: url });
  const cut = (): Error => new Error('Connection terminated unexpectedly');
  const known = new WeakMap<PostgresClient, PostgresClient>();
  const cutBy = (client: PostgresClient): PostgresClient => ({
    query: async (statement) => {
      const met = fate(statement.text);
      if (met === 'unsent') throw cut();
      const answer = await client.query(statement);
      if (met === 'lost') throw cut();
      return answer;
    },
    on: client.on.bind(client),
    release: (destroy) => client.release(destroy),
  });
  return {
    connect: async () => {
      const client = await pool.connect();
      const lossy = known.get(client) ?? cutBy(client);
      known.set(client, lossy);
      return lossy;
    },
    on: pool.on.bind(pool) as PostgresPool['on'],
    removeListener: pool.removeListener.bind(pool) as PostgresPool['removeListener'],
    end: () => pool.end(),
  };
}
