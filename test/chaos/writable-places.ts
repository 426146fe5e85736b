import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { SWIFT_KEYS } from '../servers/swift-config.ts';
import { startSwift } from '../servers/swift.ts';
import { startSshd } from '../servers/sshd.ts';

/** Where a store is that writers are killed over. */
export interface WritablePlace {
  readonly url: string;
  /** References by the names that the adapter has for them. */
  readonly credentials: { readonly [name: string]: string };
  /** The most bytes of an object: of several parts, and written in a moment. */
  readonly mostBytes: number;
  /** What writes have begun and not ended, and nobody sees but the service. */
  unfinished(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const MIB = 1024 * 1024;

function temporaryIn(directory: string): Promise<string[]> {
  return readdir(join(directory, '.holdfast-tmp')).catch(() => []);
}

/** A directory of this machine. */
export async function placeOnDisk(): Promise<WritablePlace> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-kill-'));
  return {
    url: pathToFileURL(directory).href,
    credentials: {},
    mostBytes: 3 * MIB,
    unfinished: () => temporaryIn(directory),
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

/** A directory on OpenSSH's server. */
export async function placeOnSftp(): Promise<WritablePlace> {
  const { port, username, folder, fingerprint, userKey, stop } = await startSshd();
  const directory = join(folder, 'store');
  await mkdir(directory);
  const known = `fingerprint=${encodeURIComponent(fingerprint)}`;
  return {
    url: `sftp://${username}@127.0.0.1:${port}${directory}?${known}`,
    credentials: { privateKey: `file:${userKey}` },
    mostBytes: 3 * MIB,
    unfinished: () => temporaryIn(directory),
    close: stop,
  };
}

/** A bucket of OpenStack Swift. */
export async function placeOnS3(): Promise<WritablePlace> {
  const { host, port, stop } = await startSwift();
  const endpoint = `http://${host}:${port}`;
  const where = { region: 'us-east-1', endpoint, forcePathStyle: true };
  const client = new S3Client({ ...where, credentials: SWIFT_KEYS });
  const Bucket = 'kills';
  await client.send(new CreateBucketCommand({ Bucket }));
  process.env['HOLDFAST_KILL_S3_ID'] = SWIFT_KEYS.accessKeyId;
  process.env['HOLDFAST_KILL_S3_SECRET'] = SWIFT_KEYS.secretAccessKey;
  return {
    url: `s3://${Bucket}?endpoint=${encodeURIComponent(endpoint)}&ifAbsent=looks&partBytes=${5 * MIB}`,
    credentials: {
      accessKeyId: 'env:HOLDFAST_KILL_S3_ID',
      secretAccessKey: 'env:HOLDFAST_KILL_S3_SECRET',
    },
    mostBytes: 14 * MIB,
    async unfinished() {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
      return Uploads.map(({ Key = '' }) => Key);
    },
    async close() {
      client.destroy();
      await stop();
    },
  };
}
