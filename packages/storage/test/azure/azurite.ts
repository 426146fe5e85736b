import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { secret } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import { faultyLine } from '@holdfast/core/testing';
import type { FaultyLine, ObjectStoreSubject } from '@holdfast/core/testing';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { scriptedProxy } from './scripted-proxy.ts';
import { azureObjectStore } from '../../src/azure/index.ts';
import type { AzureObjectStoreOptions } from '../../src/azure/index.ts';

export const MIB = 1024 * 1024;
/** What every Azurite knows, as its documentation says. */
const ACCOUNT = 'devstoreaccount1';
const ACCOUNT_KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

let emulator: ChildProcess | undefined;
let port = 0;

/** Azurite, the emulator of its vendor, with its data in memory; its blob service alone. */
async function start(): Promise<void> {
  const program = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js');
  const args = [
    '--blobPort',
    '0',
    '--inMemoryPersistence',
    '--disableTelemetry',
    '--silent',
    '--skipApiVersionCheck',
  ];
  emulator = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: emulator.stdout! })) {
    port = Number(
      /listens on http:\/\/127\.0\.0\.1:(?<port>\d+)/.exec(line)?.groups?.['port'] ?? 0,
    );
    if (port !== 0) break;
  }
  if (port === 0) throw new Error('Azurite did not start.');
  emulator.stdout?.resume();
}

/** Starts an emulator for the tests of a file. */
export function useAzurite(): void {
  beforeAll(async () => {
    process.env['HOLDFAST_TEST_AZURE_KEY'] = ACCOUNT_KEY;
    await start();
  }, 60_000);
  afterAll(async () => {
    if (emulator === undefined) return;
    const exit = once(emulator, 'exit');
    emulator.kill('SIGKILL');
    await exit;
  });
}

/** Where a store of a test is. */
export interface Container {
  readonly name: string;
  /** Straight to the emulator, without a line between. */
  readonly client: ContainerClient;
  readonly line: FaultyLine;
  store(options?: Partial<AzureObjectStoreOptions>): ObjectStore;
  close(): Promise<void>;
}

/** Makes an empty container. */
async function makeContainer(): Promise<Container> {
  const name = `test-${randomUUID()}`;
  const client = new ContainerClient(
    `http://127.0.0.1:${port}/${ACCOUNT}/${name}`,
    new StorageSharedKeyCredential(ACCOUNT, ACCOUNT_KEY),
  );
  await client.create();
  const line = await faultyLine({ host: '127.0.0.1', port });
  return {
    name,
    client,
    line,
    store: (options) =>
      azureObjectStore({
        account: ACCOUNT,
        container: name,
        endpoint: `http://127.0.0.1:${line.port}/${ACCOUNT}`,
        credential: { accountKey: secret('env:HOLDFAST_TEST_AZURE_KEY') },
        partBytes: MIB,
        // Many pages of few objects.
        pageKeys: 25,
        ...options,
      }),
    close: () => line.close(),
  };
}

/** A container whose stores reach it through a proxy with a script. */
export async function scriptedContainer() {
  const container = await testContainer();
  const proxy = await scriptedProxy(port);
  const endpoint = `http://127.0.0.1:${proxy.port}/${ACCOUNT}`;
  const store = (options?: Partial<AzureObjectStoreOptions>): ObjectStore =>
    container.store({ endpoint, ...options });
  return { container, proxy, store };
}

/** A container that goes with the test. */
export async function testContainer(): Promise<Container> {
  const container = await makeContainer();
  onTestFinished(() => container.close());
  return container;
}

/** A store in an empty container, as the contract suite takes it. */
export async function azureSubject(): Promise<ObjectStoreSubject> {
  const container = await makeContainer();
  const store = container.store();
  return {
    store,
    reopen: async () => container.store(),
    line: container.line,
    largeBytes: 2.4 * MIB,
    patience: 20_000,
    async close() {
      container.line.mend();
      await store.close();
      await container.close();
    },
  };
}
