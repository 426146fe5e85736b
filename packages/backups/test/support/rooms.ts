import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { ObjectStore } from '@holdfast/core';
import type { Workroom } from '@holdfast/backups';
import { settle } from '../../src/publish/create-backup.ts';

/** A directory for each test, removed afterwards. */
export interface Rooms {
  /** The test's own directory. */
  readonly root: string;
  /** Where scratch directories go; empty again when all went well. */
  readonly scratchRoot: string;
}

export function testRooms(): Rooms {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'backups-test-'));
  });
  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });
  return {
    get root() {
      return root;
    },
    get scratchRoot() {
      return join(root, 'scratch');
    },
  };
}

/** What a source is given, outside any engine. */
export function workroomIn(scratch: string): Workroom {
  const signal = new AbortController().signal;
  return { ...settle({}), scratch, signal };
}

/** What is left in a scratch root. */
export async function leftIn(scratchRoot: string): Promise<string[]> {
  return readdir(scratchRoot).catch(() => []);
}

export async function keysOf(store: ObjectStore, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

export async function bytesOf(store: ObjectStore, key: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.get(key)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Flips one bit in the middle of an object. */
export async function flipByte(store: ObjectStore, key: string): Promise<void> {
  const bytes = await bytesOf(store, key);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x01;
  await store.put(key, bytes);
}
