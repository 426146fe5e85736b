import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import {
  createEngine,
  type Engine,
  type EngineOptions,
  memoryObjectStore,
  memoryRunStore,
  type ObjectStore,
  ObjectStoreError,
} from '@holdfast/core';
import {
  type DeadManSwitch,
  fileTree,
  type Notice,
  nightlyBackup,
  type NightlyOptions,
  type Ping,
  sqliteSource,
} from '@holdfast/backups';
import { makeOrders } from './databases.ts';
import type { Rooms } from './rooms.ts';

/** What a nightly backup works with, made for each test. */
export interface Night {
  readonly engine: Engine;
  readonly primary: ObjectStore;
  readonly vault: ObjectStore;
  readonly cellar: ObjectStore;
  readonly notices: Notice[];
  readonly pings: Ping[];
  orders(): NightlyOptions['sources'][number];
  site(): NightlyOptions['sources'][number];
  /** Runs the flow once. */
  run(options: Partial<NightlyOptions>): ReturnType<typeof runNight>;
}

function runNight(engine: Engine, rooms: Rooms, options: Partial<NightlyOptions>) {
  const { scratchRoot } = rooms;
  const stores = { primary: 'primary', copies: ['vault'] };
  const source = sqliteSource({ name: 'orders', path: join(rooms.root, 'orders.db') });
  return engine.run(nightlyBackup({ sources: [source], stores, scratchRoot, ...options }), []);
}

/** Makes a store refuse all writes. */
export function fill(store: ObjectStore): void {
  const put = (): never => {
    throw new ObjectStoreError('full', 'It is full.');
  };
  Object.assign(store, { put });
}

export function testNight(
  rooms: Rooms,
  more: Partial<EngineOptions> = {},
  others: Record<string, unknown> = {},
): Night {
  let night: Omit<Night, 'run' | 'orders' | 'site'>;
  beforeEach(async () => {
    const [primary, vault, cellar] = ['primary', 'vault', 'cellar'].map((name) =>
      memoryObjectStore({ name }),
    ) as [ObjectStore, ObjectStore, ObjectStore];
    const notices: Notice[] = [];
    const pings: Ping[] = [];
    const people = (notice: Notice) => void notices.push(notice);
    const dead: DeadManSwitch = { ping: async (ping) => void pings.push(ping) };
    const resources = { primary, vault, cellar, people, dead, ...others };
    const engine = createEngine({ store: memoryRunStore(), resources, ...more });
    night = { engine, primary, vault, cellar, notices, pings };
    makeOrders(join(rooms.root, 'orders.db'));
    await mkdir(join(rooms.root, 'site'));
    await writeFile(join(rooms.root, 'site', 'a.txt'), 'content');
  });
  afterEach(() => night.engine.stop());
  return {
    get engine() {
      return night.engine;
    },
    get primary() {
      return night.primary;
    },
    get vault() {
      return night.vault;
    },
    get cellar() {
      return night.cellar;
    },
    get notices() {
      return night.notices;
    },
    get pings() {
      return night.pings;
    },
    orders: () => sqliteSource({ name: 'orders', path: join(rooms.root, 'orders.db') }),
    site: () => fileTree({ name: 'site', path: join(rooms.root, 'site') }),
    run: (options) => runNight(night.engine, rooms, options),
  };
}
