import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { secret } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import { faultyLine } from '@holdfast/core/testing';
import type { FaultyLine, ObjectStoreSubject } from '@holdfast/core/testing';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { s3ObjectStore } from '../../src/s3/index.ts';
import type { S3ObjectStoreOptions } from '../../src/s3/index.ts';
import { isProvided } from '../provided.ts';
import { SWIFT_KEYS } from '../../../../test/servers/swift-config.ts';
import { missingSwiftPrograms, startSwift } from '../../../../test/servers/swift.ts';
import type { SwiftServer } from '../../../../test/servers/swift.ts';

export const MIB = 1024 * 1024;
/** The least that a part may have. */
export const PART_BYTES = 5 * MIB;

const missing = missingSwiftPrograms();
/** Whether the tests of this file can run. */
export const hasSwift = isProvided(
  missing.length === 0,
  `a real S3 server (OpenStack Swift): ${missing.join(', ')} not found`,
);

let server: SwiftServer | undefined;

/** Starts a server for the tests of a file. */
export function useSwift(): void {
  beforeAll(async () => {
    if (!hasSwift) return;
    process.env['HOLDFAST_TEST_S3_SECRET'] = SWIFT_KEYS.secretAccessKey;
    server = await startSwift();
  }, 120_000);
  afterAll(() => server?.stop());
}

/** Where a store of a test is. */
export interface Bucket {
  readonly name: string;
  /** Straight to the server, without a line between. */
  readonly client: S3Client;
  /** The way of its stores to the server. */
  readonly line: FaultyLine;
  readonly agent: Agent;
  /** The parts that the service keeps, also those of finished objects. */
  parts(): Promise<string[]>;
  store(options?: Partial<S3ObjectStoreOptions>): ObjectStore;
  close(): Promise<void>;
}

/** How a store over the server is opened. */
export function swiftOptions(port: number, bucket: string): S3ObjectStoreOptions {
  return {
    bucket,
    endpoint: `http://127.0.0.1:${port}`,
    credentials: {
      accessKeyId: SWIFT_KEYS.accessKeyId,
      secretAccessKey: secret('env:HOLDFAST_TEST_S3_SECRET'),
    },
    // A conditional PUT is answered with 501.
    ifAbsent: 'looks',
    partBytes: PART_BYTES,
    // Many pages of few objects.
    pageKeys: 25,
  };
}

/** Makes an empty bucket. */
async function makeBucket(): Promise<Bucket> {
  const { host, port } = server!;
  const name = `test-${randomUUID()}`;
  const client = new S3Client({
    region: 'us-east-1',
    endpoint: `http://${host}:${port}`,
    forcePathStyle: true,
    credentials: SWIFT_KEYS,
  });
  await client.send(new CreateBucketCommand({ Bucket: name }));
  const line = await faultyLine({ host, port });
  const agent = new Agent({ keepAlive: true });
  return {
    name,
    client,
    line,
    agent,
    // Beside them stand the marks of the uploads: names without a number at their end.
    parts: async () =>
      (await server!.namesIn(`${name}+segments`)).filter((part) => /\/\d+$/.test(part)),
    store: (options) => s3ObjectStore({ ...swiftOptions(line.port, name), agent, ...options }),
    async close() {
      agent.destroy();
      client.destroy();
      await line.close();
    },
  };
}

/** A bucket that goes with the test. */
export async function testBucket(): Promise<Bucket> {
  const bucket = await makeBucket();
  onTestFinished(() => bucket.close());
  return bucket;
}

/** A store in an empty bucket, as the contract suite takes it. */
export async function swiftSubject(
  options?: Partial<S3ObjectStoreOptions>,
): Promise<ObjectStoreSubject> {
  const bucket = await makeBucket();
  const store = bucket.store(options);
  return {
    store,
    reopen: async () => bucket.store(options),
    held: () => Object.values(bucket.agent.sockets).flat().length,
    line: bucket.line,
    largeBytes: 2.4 * PART_BYTES,
    many: 120,
    patience: 20_000,
    async close() {
      bucket.line.mend();
      await store.close();
      await bucket.close();
    },
  };
}
