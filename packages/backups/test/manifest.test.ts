import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memoryObjectStore } from '@holdfast/core';
import { createBackup, parseManifest, sqliteSource } from '@holdfast/backups';
import packageJson from '../package.json' with { type: 'json' };
import { sealManifest, serialiseManifest } from '../src/model/parse-manifest.ts';
import { PACKAGE_VERSION } from '../src/package-version.ts';
import { makeOrders } from './support/databases.ts';
import { bytesOf, testRooms } from './support/rooms.ts';

const rooms = testRooms();

async function manifestText(): Promise<string> {
  const path = join(rooms.root, 'orders.db');
  makeOrders(path, 5);
  const store = memoryObjectStore();
  const source = sqliteSource({ name: 'orders', path });
  const { scratchRoot } = rooms;
  const made = await createBackup({
    source,
    store,
    storeName: 's',
    scratchRoot,
    runId: 'run-1',
    codeVersion: 'v1',
  });
  return (await bytesOf(store, `${made.path}manifest.json`)).toString('utf8');
}

function codeFor(text: string): string | undefined {
  try {
    parseManifest(text, 'k');
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

/** Another text with a right hash of its own. */
function resealed(text: string, change: (fields: Record<string, unknown>) => unknown): string {
  const { sha256: _, ...fields } = JSON.parse(text) as Record<string, unknown>;
  change(fields);
  return serialiseManifest(sealManifest(fields as never));
}

describe('a manifest', () => {
  it('tells what is asked of it', async () => {
    const manifest = parseManifest(await manifestText(), 'k');
    expect(manifest).toMatchObject({
      format: 'holdfast-backup',
      version: 1,
      set: 'orders',
      source: { kind: 'sqlite', name: 'orders', identity: { path: expect.any(String) } },
      runId: 'run-1',
      codeVersion: 'v1',
      artifacts: [{ name: 'orders.sqlite.zst', plainName: 'orders.sqlite', layers: ['zstd'] }],
      documents: [{ name: 'RESTORE.md' }, { name: 'SHA256SUMS' }],
    });
    expect(manifest.tools).toContainEqual({ name: '@holdfast/backups', version: PACKAGE_VERSION });
    expect(PACKAGE_VERSION).toBe(packageJson.version);
  });

  it('is refused wherever one of its bytes was changed', async () => {
    const text = await manifestText();
    expect(codeFor(text)).toBeUndefined();
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [0x01, 0x20]) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ bit;
        expect(codeFor(flipped.toString('utf8'))).toMatch(/^MANIFEST_(?:INVALID|ALTERED)$/);
      }
    }
  });

  it('is refused wherever it was cut', async () => {
    const text = await manifestText();
    for (let end = 0; end < text.length; end += 7) {
      expect(codeFor(text.slice(0, end))).toMatch(/^MANIFEST_(?:INVALID|ALTERED)$/);
    }
    expect(codeFor(text.slice(0, -1))).toBe('MANIFEST_ALTERED');
    expect(codeFor(`${text}\n`)).toBe('MANIFEST_ALTERED');
  });

  it('is refused when it is of a later version, and says so', async () => {
    const later = resealed(await manifestText(), (fields) => {
      fields['version'] = 2;
      fields['somethingNew'] = true;
    });
    expect(codeFor(later)).toBe('MANIFEST_NEWER');
  });

  it.each([
    ['a field missing', (fields: Record<string, unknown>) => delete fields['set']],
    ['a field unknown', (fields: Record<string, unknown>) => (fields['extra'] = 1)],
    [
      'a path as artifact name',
      (fields: Record<string, unknown>) => renameArtifact(fields, '../x'),
    ],
    [
      'a slash in an artifact name',
      (fields: Record<string, unknown>) => renameArtifact(fields, 'a/b'),
    ],
    [
      'a negative size',
      (fields: Record<string, unknown>) => (fields['artifacts'] = [{ plainBytes: -1 }]),
    ],
    ['another format', (fields: Record<string, unknown>) => (fields['format'] = 'other')],
  ])('is refused with %s, though its own hash is right', async (_what, change) => {
    const text = await manifestText();
    expect(codeFor(resealed(text, change))).toBe('MANIFEST_INVALID');
  });
});

function renameArtifact(fields: Record<string, unknown>, name: string): void {
  const [artifact] = fields['artifacts'] as object[];
  fields['artifacts'] = [{ ...artifact, name }];
}
