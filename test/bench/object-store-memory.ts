import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { SWIFT_KEYS } from '../servers/swift-config.ts';
import { startSwift } from '../servers/swift.ts';
import { startSshd } from '../servers/sshd.ts';
import type { Figure } from './harness.ts';
import { GB } from './transfers.ts';

const PROGRAM = fileURLToPath(new URL('transfer-process.ts', import.meta.url));
const MOST_MB = 200;

/** A store by its URL, and the references of its credentials. */
interface Place {
  readonly name: string;
  readonly url: string;
  readonly credentials: { readonly [name: string]: string };
}

/** By how many MB a process grows over an idle one that writes and reads so much. */
async function growth({ url, credentials }: Place, bytes: number): Promise<number> {
  const args = [PROGRAM, url, String(bytes), JSON.stringify(credentials)];
  const program = ['--conditions=@holdfast/source', ...args];
  const { stdout } = await promisify(execFile)(process.execPath, program);
  return (JSON.parse(stdout) as { growth: number }).growth / 1e6;
}

async function figuresOf(place: Place, sizes: readonly number[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  let first: number | null = null;
  for (const gigabytes of sizes) {
    const value = await growth(place, gigabytes * GB);
    figures.push({
      name: `${place.name}: memory for ${gigabytes} GB to a store and back`,
      value,
      unit: 'MB',
      baseline: first,
      ratio: first === null ? null : first / value,
      target: `<= ${MOST_MB} MB over an idle process`,
      met: value <= MOST_MB,
    });
    first ??= value;
  }
  return figures;
}

async function onDisk(sizes: readonly number[]): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    const url = pathToFileURL(directory).href;
    return await figuresOf({ name: 'local', url, credentials: {} }, sizes);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function onS3(sizes: readonly number[]): Promise<Figure[]> {
  const { host, port, stop } = await startSwift();
  try {
    const endpoint = `http://${host}:${port}`;
    const where = { region: 'us-east-1', endpoint, forcePathStyle: true };
    const client = new S3Client({ ...where, credentials: SWIFT_KEYS });
    await client.send(new CreateBucketCommand({ Bucket: 'bench' }));
    client.destroy();
    process.env['HOLDFAST_BENCH_S3_ID'] = SWIFT_KEYS.accessKeyId;
    process.env['HOLDFAST_BENCH_S3_SECRET'] = SWIFT_KEYS.secretAccessKey;
    const credentials = {
      accessKeyId: 'env:HOLDFAST_BENCH_S3_ID',
      secretAccessKey: 'env:HOLDFAST_BENCH_S3_SECRET',
    };
    const url = `s3://bench?endpoint=${encodeURIComponent(endpoint)}`;
    return await figuresOf({ name: 'S3 (Swift)', url, credentials }, sizes);
  } finally {
    await stop();
  }
}

async function onSftp(sizes: readonly number[]): Promise<Figure[]> {
  const { port, username, folder, fingerprint, userKey, stop } = await startSshd();
  try {
    const known = `fingerprint=${encodeURIComponent(fingerprint)}`;
    const url = `sftp://${username}@127.0.0.1:${port}${folder}/store?${known}`;
    const credentials = { privateKey: `file:${userKey}` };
    return await figuresOf({ name: 'SFTP (OpenSSH)', url, credentials }, sizes);
  } finally {
    await stop();
  }
}

/** How much memory transfers take. @param isLong also of 10 GB, which must take no more */
export async function memoryFigures(isLong: boolean): Promise<Figure[]> {
  const sizes = isLong ? [1, 10] : [1];
  return [...(await onDisk(sizes)), ...(await onS3(sizes)), ...(await onSftp(sizes))];
}
