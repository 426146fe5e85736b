import { randomUUID } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { secret } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import { faultyLine } from '@holdfast/core/testing';
import type { FaultyLine, ObjectStoreSubject } from '@holdfast/core/testing';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { sftpObjectStore } from '../../src/sftp/index.ts';
import type { SftpObjectStoreOptions } from '../../src/sftp/index.ts';
import { hasSshd, startSshd } from './sshd.ts';
import type { Sshd } from './sshd.ts';

let server: Sshd | undefined;

/** Starts a server for the tests of a file. @param subsystem see {@link startSshd} */
export function useSshd(subsystem?: (folder: string) => string): () => Sshd {
  beforeAll(async () => {
    if (hasSshd) server = await startSshd(subsystem);
  }, 60_000);
  afterAll(() => server?.stop());
  return () => server!;
}

/** Where a store of a test is. */
export interface SftpDirectory {
  readonly directory: string;
  /** The way of its stores to the server. */
  readonly line: FaultyLine;
  /** @param open what opens it, where another process shall */
  store(options?: Partial<SftpObjectStoreOptions>, open?: typeof sftpObjectStore): ObjectStore;
  close(): Promise<void>;
}

async function makeDirectory(): Promise<SftpDirectory> {
  const { port, username, folder, hostKey, userKey } = server!;
  const directory = join(folder, randomUUID());
  await mkdir(directory);
  const line = await faultyLine({ host: '127.0.0.1', port });
  const opened: ObjectStore[] = [];
  return {
    directory,
    line,
    store(options, open = sftpObjectStore) {
      const store = open({
        host: '127.0.0.1',
        port: line.port,
        username,
        directory,
        hostKey,
        privateKey: secret(`file:${userKey}`),
        ...options,
      });
      opened.push(store);
      return store;
    },
    async close() {
      line.mend();
      for (const store of opened) await store.close();
      await line.close();
    },
  };
}

/** A directory that goes with the test. */
export async function testDirectory(): Promise<SftpDirectory> {
  const directory = await makeDirectory();
  onTestFinished(() => directory.close());
  return directory;
}

/** The unfinished files of a store. */
export async function unfinishedIn({ directory }: SftpDirectory): Promise<string[]> {
  return readdir(join(directory, '.holdfast-tmp')).catch(() => []);
}

/** A store in an empty directory, as the contract suite takes it. */
export async function sftpSubject(
  options?: Partial<SftpObjectStoreOptions>,
): Promise<ObjectStoreSubject> {
  const place = await makeDirectory();
  return {
    store: place.store(options),
    reopen: async () => place.store(options),
    line: place.line,
    patience: 20_000,
    close: () => place.close(),
  };
}
