import { beforeEach, describe, expect, it } from 'vitest';
import { memoryObjectStore, type ObjectStore } from '@holdfast/core';
import { type BackupSearch, searchBackups } from '@holdfast/backups';
import { forge } from '../support/forged.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-23T20:00:00.000Z');

let store: ObjectStore;

beforeEach(async () => {
  store = memoryObjectStore({ name: 'primary' });
  await forge(store, NOW - 3 * HOUR, 'restored');
  await forge(store, NOW - 2 * HOUR, 'checksum');
  await forge(store, NOW - HOUR, 'stored');
  await forge(store, NOW - HOUR, 'restored', 'site');
});

async function found(search: BackupSearch) {
  const entries = await searchBackups(store, { now: () => NOW, ...search });
  return entries.map(({ manifest: { set, startedAt } }) => `${set} ${startedAt.slice(11, 13)}`);
}

describe('a search', () => {
  it.each<[string, BackupSearch, string[]]>([
    ['everything, newest first', {}, ['orders 19', 'site 19', 'orders 18', 'orders 17']],
    ['a set', { set: 'site' }, ['site 19']],
    ['a source', { source: 'orders' }, ['orders 19', 'orders 18', 'orders 17']],
    ['a kind', { kind: 'files' }, []],
    ['a time on', { from: new Date(NOW - 2 * HOUR) }, ['orders 19', 'site 19', 'orders 18']],
    ['before a time', { before: new Date(NOW - 2 * HOUR) }, ['orders 17']],
    ['a level', { level: 'checksum' }, ['site 19', 'orders 18', 'orders 17']],
    ['the highest level', { level: 'restored' }, ['site 19', 'orders 17']],
    ['a text in whatever case', { text: 'SITE' }, ['site 19']],
    ['a text in an id', { text: '20261123T18' }, ['orders 18']],
    ['a number of them', { limit: 2 }, ['orders 19', 'site 19']],
    ['all conditions', { set: 'orders', level: 'stored', limit: 1 }, ['orders 19']],
  ])('finds %s', async (_, search, expected) => {
    expect(await found(search)).toEqual(expected);
  });
});
