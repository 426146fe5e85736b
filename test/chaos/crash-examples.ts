import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  functionNotifier,
  nightlyBackup,
  sqliteSource,
  type NightlyReport,
} from '@holdfast/backups';
import { collectFlows } from '@holdfast/core';
import { crashAtEveryStep, type CrashPoint } from '@holdfast/core/testing';
import { localObjectStore } from '@holdfast/storage/local';
import { records } from '../../examples/custom-source/src/records-source.ts';
import { makeShop } from '../../examples/custom-task/src/make-shop.ts';
import { shopBackup as checkedBackup } from '../../examples/custom-task/src/shop-backup.ts';
import { Reports } from '../../examples/decorated-flow/src/reports.ts';
import { shopBackup } from '../../examples/embedded-service/src/shop-backup.ts';
import { daily } from '../../examples/first-flow/src/daily.ts';
import { placeAt } from '../../examples/quickstart/src/place.ts';
import { nightlyAt } from '../../examples/quickstart/src/program.ts';

type Choice = (crash: CrashPoint) => boolean;

/** A place of its own for the executions of one flow, and how to clean it. */
interface Room {
  readonly root: string;
  readonly stores: { readonly [name: string]: unknown };
  readonly empty: () => Promise<void>;
}

async function inRoom<T>(work: (room: Room) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'crash-examples-'));
  let time = 0;
  // What a "dead" process still does must not meet what the next one does.
  const stores: { [name: string]: unknown } = {};
  const empty = async (): Promise<void> => {
    time++;
    for (const name of ['primary', 'vault']) {
      stores[name] = localObjectStore(join(root, `${name} ${time}`));
    }
  };
  await empty();
  makeShop(join(root, 'shop.db'), Date.now());
  try {
    return await work({ root, stores, empty });
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The flow of the README, which is executed without waiting for anything but the engine. */
export async function firstFlow(at: Choice): Promise<number> {
  return (await crashAtEveryStep(daily, { args: ['2026-01-05'], at })).crashes;
}

/** The methods of a class. */
export async function decoratedFlow(at: Choice): Promise<number> {
  const reports = new Reports(new Map([['Hamburg', 40]]));
  const engine = { flows: collectFlows(reports) };
  const args: [Date] = [new Date('2026-01-05')];
  return (await crashAtEveryStep(reports.daily, { args, engine, at })).crashes;
}

/** A backup with a check of one's own. */
export function customTask(at: Choice): Promise<number> {
  return inRoom(async ({ root, stores: resources, empty: prepare }) => {
    const { crashes } = await crashAtEveryStep(checkedBackup, {
      args: [join(root, 'shop.db')],
      engine: { resources },
      prepare,
      at,
      realTime: true,
      same: (one, two) =>
        one.orders.count === two.orders.count && one.proof.reached === two.proof.reached,
    });
    return crashes;
  });
}

/** The backup of the service that embeds an engine. */
export function embeddedService(at: Choice): Promise<number> {
  return inRoom(async ({ root, stores, empty: prepare }) => {
    const people = functionNotifier(async () => undefined);
    const { crashes } = await crashAtEveryStep(shopBackup, {
      args: [sqliteSource({ name: 'shop', path: join(root, 'shop.db') })],
      engine: { resources: { ...stores, people } },
      prepare,
      at,
      realTime: true,
      same: (one, two) => one.reached === two.reached && one.told === two.told,
    });
    return crashes;
  });
}

function provenAlike(one: NightlyReport, two: NightlyReport): boolean {
  const levels = ({ sources }: NightlyReport): unknown[] =>
    sources.map(({ source, verification, copies }) => [
      source,
      verification?.reached,
      copies.map(({ store, copy }) => [store, copy !== undefined]),
    ]);
  return JSON.stringify(levels(one)) === JSON.stringify(levels(two));
}

/** The ready-made flow over a source of one's own. */
export function customSource(at: Choice): Promise<number> {
  return inRoom(async ({ stores, empty: prepare }) => {
    const service = createServer((_request, response) => {
      response.writeHead(200, { 'x-record-count': '2', connection: 'close' });
      response.end('{"id":1}\n{"id":2}\n');
    });
    service.listen(0, '127.0.0.1');
    await once(service, 'listening');
    try {
      const { port } = service.address() as AddressInfo;
      const source = { kind: 'records', name: 'records', url: `http://127.0.0.1:${port}` };
      const nightly = nightlyBackup({ sources: [source], stores: { primary: 'primary' } });
      const engine = { resources: { ...stores, 'source:records': records } };
      const same = provenAlike;
      return (await crashAtEveryStep(nightly, { engine, prepare, at, realTime: true, same }))
        .crashes;
    } finally {
      service.close();
    }
  });
}

/** The flow of the quickstart, over less data. */
export function quickstart(at: Choice): Promise<number> {
  return inRoom(async ({ root, stores: resources, empty: prepare }) => {
    const place = placeAt(join(root, 'quickstart'));
    await mkdir(place.files, { recursive: true });
    await writeFile(join(place.files, 'a file'), 'its text');
    await cp(join(root, 'shop.db'), place.database);
    const same = provenAlike;
    const options = { engine: { resources }, prepare, at, realTime: true, same };
    return (await crashAtEveryStep(nightlyAt(place), options)).crashes;
  });
}
