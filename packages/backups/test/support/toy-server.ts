import { HoldfastError } from '@holdfast/core';
import {
  compareServers,
  type DumpFacts,
  type DumpStream,
  NO_FILES,
  type ServerDatabase,
  type ServerPlace,
  type ServerSource,
  type ServerTarget,
  serverFingerprint,
  type SourceSpec,
  type StoredBackup,
} from '@holdfast/backups';

/** A server in memory: its databases, each a list of rows. Enough to hold the port's callers to their part. */
export class ToyServer {
  readonly databases = new Map<string, readonly string[]>();
  /** What was asked of its places, in order. */
  readonly calls: string[] = [];
  /** Rows that a dump leaves out, and says nothing of. */
  lost = 0;

  readonly target: ServerTarget = {
    kind: 'toy',
    host: 'toy',
    port: 1,
    user: 'me',
    database: 'shop',
  };
  readonly spec: SourceSpec = { kind: 'toy', name: 'shop' };

  readonly source: ServerSource = {
    kind: 'toy',
    restoresTo: 'server',
    identity: () => ({ host: 'toy' }),
    dump: () => this.#dump(),
    guide: () => ({ programs: [], summary: '', commands: ['true'] }),
    openScratch: (backup, on) => {
      this.calls.push(on === undefined ? 'openScratch' : `openScratch on ${on.host}`);
      return Promise.resolve(this.#place(backup, 'scratch'));
    },
    openTarget: (backup, to, { overwrite, tables }) => {
      this.calls.push(`openTarget ${tables?.join() ?? 'all'}`);
      if (this.databases.has(String(to.database)) && !overwrite) {
        throw new HoldfastError('RESTORE_TARGET_NOT_EMPTY', `${to.database} is there.`);
      }
      return Promise.resolve(this.#place(backup, 'beside', to.database));
    },
  };

  async *#dump(): AsyncGenerator<DumpStream, DumpFacts, void> {
    const rows = this.databases.get('shop') ?? [];
    const bytes = Buffer.from(rows.slice(this.lost).join('\n'));
    async function* once(): AsyncGenerator<Uint8Array, void, void> {
      yield await Promise.resolve(bytes);
    }
    yield { plainName: 'shop.txt', layers: ['zstd'], bytes: once() };
    return {
      fingerprint: { kind: 'server', databases: [contents('shop', rows)] },
      identity: { flavour: 'plain' },
      tools: [],
      warnings: [],
      changed: NO_FILES,
      vanished: NO_FILES,
    };
  }

  #place(backup: StoredBackup, name: string, to?: string): ServerPlace {
    const rows = (): readonly string[] => this.databases.get(name) ?? [];
    return {
      connection: { host: 'toy', port: 1, user: 'me', database: name, databases: { shop: name } },
      restore: async () => {
        this.calls.push('restore');
        const chunks: Uint8Array[] = [];
        for (const one of backup.manifest.artifacts) {
          for await (const chunk of backup.read(one)) chunks.push(chunk);
        }
        this.databases.set(name, Buffer.concat(chunks).toString().split('\n'));
      },
      compare: () => {
        this.calls.push('compare');
        const found = [contents('shop', rows())];
        return Promise.resolve(compareServers(serverFingerprint(backup.manifest), found));
      },
      query: (statement) => {
        this.calls.push(statement);
        return Promise.resolve(rows().map((row) => ({ row })));
      },
      swap: () => {
        this.calls.push('swap');
        this.databases.set(String(to), rows());
        return Promise.resolve({ to: `toy://toy/${to}` });
      },
      close: () => {
        this.calls.push('close');
        this.databases.delete(name);
        return Promise.resolve();
      },
    };
  }
}

function contents(database: string, rows: readonly string[]): ServerDatabase {
  return {
    database,
    schemaSha256: '0'.repeat(64),
    tables: [{ table: 'rows', rows: rows.length }],
    objects: [{ objects: 'views', count: 2 }],
  };
}
