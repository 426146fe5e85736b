import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { Readable } from 'node:stream';
import { secret } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import { s3ObjectStore } from '@holdfast/storage/s3';
import { SWIFT_KEYS } from '../servers/swift-config.ts';
import { startSwift, type SwiftServer } from '../servers/swift.ts';
import type { Figure } from './harness.ts';
import { drain, GB, transferFigure } from './transfers.ts';

const BUCKET = 'bench';
const PART_BYTES = 8 * 1024 * 1024;
const CONCURRENCY = 4;
const CHUNK = Buffer.alloc(1024 * 1024, 'x');

/** 1 GB that costs nothing to make. */
async function* body(): AsyncGenerator<Uint8Array> {
  for (let left = GB; left > 0; left -= CHUNK.byteLength) yield CHUNK.subarray(0, left);
}

function clientOf({ host, port }: SwiftServer): S3Client {
  return new S3Client({
    region: 'us-east-1',
    endpoint: `http://${host}:${port}`,
    forcePathStyle: true,
    credentials: SWIFT_KEYS,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** How a store on the server is opened. */
export function storeOptions({ host, port }: SwiftServer) {
  process.env['HOLDFAST_BENCH_S3_SECRET'] = SWIFT_KEYS.secretAccessKey;
  return {
    bucket: BUCKET,
    endpoint: `http://${host}:${port}`,
    credentials: {
      accessKeyId: SWIFT_KEYS.accessKeyId,
      secretAccessKey: secret('env:HOLDFAST_BENCH_S3_SECRET'),
    },
    partBytes: PART_BYTES,
    concurrency: CONCURRENCY,
  };
}

async function figuresOn(client: S3Client, store: ObjectStore): Promise<Figure[]> {
  const target = { Bucket: BUCKET, Key: 'baseline' };
  const upload = (): Promise<unknown> =>
    new Upload({
      client,
      params: { ...target, Body: Readable.from(body(), { objectMode: false }) },
      partSize: PART_BYTES,
      queueSize: CONCURRENCY,
    }).done();
  const { GetObjectCommand } = await import('@aws-sdk/client-s3');
  const download = async (): Promise<unknown> => {
    const { Body } = await client.send(new GetObjectCommand(target));
    return drain(Body as AsyncIterable<Uint8Array>);
  };
  return [
    await transferFigure({
      name: 'S3 (Swift): 1 GB to a store',
      ours: () => store.put('dump', body()),
      baseline: upload,
      least: 0.95,
      of: 'bare lib-storage',
    }),
    await transferFigure({
      name: 'S3 (Swift): 1 GB from a store',
      ours: () => drain(store.get('dump')),
      baseline: download,
      least: 0.95,
      of: 'a bare GetObject',
    }),
  ];
}

/** 1 GB to and from an S3 server, against the SDK alone. */
export async function s3Figures(): Promise<Figure[]> {
  const server = await startSwift();
  const client = clientOf(server);
  const store = s3ObjectStore(storeOptions(server));
  try {
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    return await figuresOn(client, store);
  } finally {
    await store.close();
    client.destroy();
    await server.stop();
  }
}
