import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryObjectStore, type ObjectStore } from '@holdfast/core';
import { isAlive, type ProcessIdentity } from '@holdfast/core/process';
import {
  type Backup,
  createBackup,
  restoreFromStore,
  type Source,
  sourceOfKind,
  sqliteSource,
  type SqliteSpec,
  verifyBackup,
  type Workroom,
} from '@holdfast/backups';
import { makeOrders } from './support/databases.ts';
import { leftIn, testRooms } from './support/rooms.ts';

const rooms = testRooms();
const honest = sourceOfKind('sqlite') as Source<SqliteSpec>;
let store: ObjectStore;
let backup: Backup;
let left: ProcessIdentity[];

/** Starts a program that nobody waits for, and ends soon itself. */
async function leave(room: Workroom): Promise<void> {
  const child = await room.startChild('sleep', { args: ['1000'] });
  left.push(child.identity);
}

/** A source that leaves programs behind wherever it works on a restored copy. */
const leaving: Source<SqliteSpec> = {
  ...honest,
  restore: async (stored, to, room) => {
    await leave(room);
    await honest.restore(stored, to, room);
  },
  compare: async (stored, at, room) => {
    await leave(room);
    return honest.compare(stored, at, room);
  },
};

const failing: Source<SqliteSpec> = {
  ...leaving,
  compare: async (_stored, _at, room) => {
    await leave(room);
    throw new Error('it cannot be compared');
  },
};

function common(source: Source<SqliteSpec>) {
  const { scratchRoot } = rooms;
  return { backup, store, scratchRoot, sources: [source] };
}

beforeEach(async () => {
  store = memoryObjectStore({ name: 'primary' });
  left = [];
  makeOrders(join(rooms.root, 'orders.db'));
  const source = sqliteSource({ name: 'orders', path: join(rooms.root, 'orders.db') });
  backup = await createBackup({ source, store, storeName: 'primary', ...rooms });
});

afterEach(() => {
  for (const one of left) if (isAlive(one) === 'alive') process.kill(-one.pid, 'SIGKILL');
});

describe('no program is left behind', () => {
  const works: [string, (source: Source<SqliteSpec>) => Promise<unknown>][] = [
    ['a verification', (source) => verifyBackup(common(source))],
    [
      'a restore',
      (source) => restoreFromStore({ ...common(source), to: join(rooms.root, 'back.db') }),
    ],
  ];

  it.each(works)('by %s that ends well', async (_, work) => {
    await work(leaving);
    expect(left.map(isAlive)).toEqual(['dead', 'dead']);
  });

  it.each(works)('by %s that fails', async (_, work) => {
    await expect(work(failing)).rejects.toThrow('it cannot be compared');
    expect(left.map(isAlive)).toEqual(['dead', 'dead']);
    expect(await leftIn(rooms.scratchRoot)).toEqual([]);
  });

  it.each(works)('by %s that is aborted while the source only waits', async (what) => {
    const controller = new AbortController();
    const waiting: Source<SqliteSpec> = {
      ...honest,
      restore: async (_stored, _to, room) => {
        await leave(room);
        controller.abort(new Error('enough'));
        room.signal.throwIfAborted();
      },
    };
    const options = { ...common(waiting), signal: controller.signal };
    const work =
      what === 'a restore'
        ? restoreFromStore({ ...options, to: join(rooms.root, 'back.db') })
        : verifyBackup(options);
    await expect(work).rejects.toThrow('enough');
    expect(left.map(isAlive)).toEqual(['dead']);
  });
});
