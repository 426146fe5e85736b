import { hash } from 'node:crypto';
import { createBackup, NO_FILES, type Source, verifyBackup } from '@holdfast/backups';
import { memoryObjectStore, type ObjectStore } from '@holdfast/core';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 1);
const TABLES = Array.from({ length: 20 }, (_, n) => ({ table: `table_${n}`, rows: n * 1000 }));

async function* bytes(): AsyncGenerator<Uint8Array, void, void> {
  yield await Promise.resolve(Buffer.from('bytes of a dump'));
}

/** A source of a few bytes, with what a database of twenty tables has to tell. */
const source: Source = {
  kind: 'bench',
  identity: () => ({ host: 'db1', database: 'shop' }),
  async *dump({ name }) {
    yield { plainName: `${name}.dump`, layers: [], bytes: bytes() };
    return {
      fingerprint: {
        kind: 'database',
        schemaSha256: '0'.repeat(64),
        tables: TABLES,
        foreignKeyViolations: 0,
      },
      tools: [],
      warnings: [],
      changed: NO_FILES,
      vanished: NO_FILES,
    };
  },
  restore: () => Promise.resolve(),
  compare: () => Promise.resolve({ differences: [] }),
  guide: () => ({ programs: [], summary: 'Nothing.', commands: ['true'] }),
};

async function textOf(store: ObjectStore, key: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.get(key)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** A record with fields changed, and its own hash as the format has it. */
function resealed(text: string, changed: object): string {
  const { sha256: _, ...rest } = { ...(JSON.parse(text) as { sha256: string }), ...changed };
  const body = `${JSON.stringify(rest, null, 2)}\n`;
  return `${JSON.stringify({ ...rest, sha256: hash('sha256', body) }, null, 2)}\n`;
}

/** Fills a store with backups of one set, one an hour: one is made and verified, the others are its copies by other names. */
export async function forgeCatalog(store: ObjectStore, set: string, count: number): Promise<void> {
  const model = memoryObjectStore();
  const common = { sources: [source], now: () => NOW };
  const spec = { kind: 'bench', name: set };
  const made = await createBackup({ ...common, source: spec, store: model, storeName: 'model' });
  await verifyBackup({ ...common, store: model, backup: made, level: 'checksum' });
  const objects = new Map<string, string>();
  for await (const { key } of model.list('')) {
    objects.set(key.slice(made.path.length), await textOf(model, key));
  }
  for (let number = 0; number < count; number++) {
    const startedAt = new Date(NOW - number * HOUR).toISOString();
    const id = `${startedAt.slice(0, 19).replaceAll(/[-:]/g, '')}Z-${number.toString(16).padStart(16, '0')}`;
    const path = `${set}/${id.slice(0, 4)}/${id.slice(4, 6)}/${id}/`;
    const text = objects.get('manifest.json') ?? '';
    const manifest = resealed(text, { id, startedAt, endedAt: startedAt });
    const { sha256 } = JSON.parse(manifest) as { sha256: string };
    for (const [name, content] of objects) {
      const record = { backup: id, manifestSha256: sha256 };
      const body = name.startsWith('verifications/') ? resealed(content, record) : content;
      await store.put(path + name, Buffer.from(name === 'manifest.json' ? manifest : body));
    }
  }
}
