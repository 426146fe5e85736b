import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEngine, flow, isHoldfastError, secret } from '@holdfast/core';
import { startChild } from '@holdfast/core/process';
import { filesUnder, secretCanary, type SecretCanary } from '@holdfast/core/testing';
import {
  createBackup,
  type IdentityOption,
  nightlyBackup,
  reencrypt,
  type ReencryptInput,
  sqliteSource,
  type StartChild,
  verifyBackup,
} from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { makeOrders } from './support/databases.ts';
import { hasAge, type KeyPair, makeKey, secretLine } from './support/keys.ts';
import { testRooms } from './support/rooms.ts';

const rooms = testRooms();
const NAME = 'HOLDFAST_TEST_PASSPHRASE';

// A passphrase costs a second and 256 MiB each time.
describe.skipIf(!hasAge)('no key of an encrypted backup', { timeout: 120_000 }, () => {
  let canary: SecretCanary;
  let key: KeyPair;
  let elsewhere: string;

  beforeEach(async () => {
    canary = secretCanary();
    process.env[NAME] = canary.value;
    key = await makeKey(rooms.root, 'key');
    elsewhere = join(rooms.root, 'world');
    await mkdir(elsewhere);
    makeOrders(join(rooms.root, 'orders.db'));
  });

  afterEach(() => {
    delete process.env[NAME];
  });

  const orders = () => sqliteSource({ name: 'orders', path: join(rooms.root, 'orders.db') });

  async function expectNowhere(places: Readonly<Record<string, unknown>>): Promise<void> {
    await canary.expectAbsent(places);
    expect(inspect(places, { depth: 20 })).not.toContain(secretLine(key));
  }

  it('is found in a run store, an object store, an event, a line, or an error', async () => {
    const heard: unknown[] = [];
    const passphrase = secret(`env:${NAME}`);
    const stores = { primary: 'primary', copies: ['vault'] };
    const nightly = nightlyBackup({
      sources: [orders()],
      stores,
      scratchRoot: join(elsewhere, 'scratch'),
      encryption: { passphrase },
      identities: [{ passphrase }, key.identity],
    });
    const renew = flow((input: ReencryptInput) => reencrypt(input), { name: 'renew' });
    const wrong = join(rooms.root, 'wrong');
    await writeFile(wrong, `${canary.value}\n`);
    const engine = createEngine({
      store: sqliteRunStore(join(elsewhere, 'runs.db')),
      flows: [nightly, renew],
      resources: {
        primary: localObjectStore(join(elsewhere, 'primary')),
        vault: localObjectStore(join(elsewhere, 'vault')),
      },
    });
    for (const event of ['state', 'progress', 'warning'] as const) {
      engine.events.on(event, (told: unknown) => void heard.push(told));
    }
    const report = await engine.run(nightly, []);
    const backup = report.sources[0]?.backup;
    if (backup === undefined) throw new Error('there is no backup');
    const encryption = { recipients: [key.recipient] };
    const renewed = await engine.run(renew, [{ backup, identities: [{ passphrase }], encryption }]);
    // A passphrase where an identity should be: what is wrong with it is told, it is not.
    const mistaken = await engine
      .run(renew, [{ backup, identities: [secret(`file:${wrong}`)], encryption }])
      .catch((error: unknown) => error);
    expect(mistaken).toMatchObject({ code: 'IDENTITY_INVALID' });
    await engine.stop();
    await expectNowhere({ report, renewed, mistaken, heard, files: filesUnder(elsewhere) });
    // Encodings change nothing of an identity's letters: as it is, it would be found in any file.
    const grep = ['-rlF', '-e', secretLine(key), elsewhere];
    expect(spawnSync('grep', grep, { encoding: 'utf8' })).toMatchObject({ status: 1, stdout: '' });
  });

  it('is in the arguments or the environment of a program that is started', async () => {
    const started: unknown[] = [];
    const recording: StartChild = (command, options) => {
      started.push([command, options?.args, options?.env]);
      return startChild(command, options);
    };
    const passphrase = secret(`env:${NAME}`);
    const store = localObjectStore(join(elsewhere, 'primary'));
    const work = { scratchRoot: join(elsewhere, 'scratch'), startChild: recording };
    const made = { ...work, store, storeName: 'primary', source: orders() };
    const backup = await createBackup({ ...made, encryption: { passphrase } });
    const identities: IdentityOption[] = [key.identity, { passphrase }];
    await verifyBackup({ ...work, backup, store, identities });
    expect(started.length).toBeGreaterThan(0);
    await expectNowhere({ started, files: filesUnder(elsewhere) });
    const unfit = await verifyBackup({ ...work, backup, store, identities: [key.identity] }).catch(
      (error: unknown) => error,
    );
    expect(isHoldfastError(unfit) && unfit.code).toBe('IDENTITY_UNFIT');
    await expectNowhere({ unfit });
  });
});
