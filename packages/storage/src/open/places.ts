import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ObjectStore, Secret, SecretResolvers } from '@holdfast/core';
import type { AzureCredential, AzureObjectStoreOptions } from '../azure/index.ts';
import type { S3Credentials, S3ObjectStoreOptions } from '../s3/index.ts';
import type { SftpHostKey, SftpObjectStoreOptions } from '../sftp/index.ts';
import { checkCredentials, count, flag, oneOf, text, urlInvalid } from './place-url.ts';
import type { Credentials, PlaceUrl, Readers } from './place-url.ts';

/** What is given beside a URL. */
export interface PlaceSecrets {
  readonly credentials: Credentials;
  readonly resolvers: SecretResolvers | undefined;
}

type Opener = (place: PlaceUrl, secrets: PlaceSecrets) => Promise<ObjectStore>;

const S3: Readers = {
  region: text,
  endpoint: text,
  pathStyle: flag,
  checksums: oneOf('supported', 'required'),
  ifAbsent: oneOf('conditional', 'looks', 'refused'),
  objectLock: oneOf('governance', 'compliance'),
  partBytes: count,
  growParts: flag,
  maxParts: count,
  concurrency: count,
  copyBytes: count,
  pageKeys: count,
  attempts: count,
  connectTimeout: text,
  idleTimeout: text,
};

const AZURE: Readers = {
  endpoint: text,
  immutability: oneOf('unlocked', 'locked'),
  partBytes: count,
  concurrency: count,
  pageKeys: count,
  attempts: count,
  idleTimeout: text,
};

/** A plus sign in a query is read as a space. */
const sha256 = (value: string): string | undefined =>
  value.startsWith('SHA256:') ? value.replaceAll(' ', '+') : undefined;

const SFTP: Readers = {
  fingerprint: sha256,
  knownHosts: text,
  agent: text,
  create: flag,
  ifAbsent: oneOf('hardlink', 'looks', 'refused'),
  sync: oneOf('required', 'where-offered'),
  requests: count,
  requestBytes: count,
  connectTimeout: text,
  keepAlive: text,
};

const MEMORY: Opener = async (place, { credentials }) => {
  checkCredentials(credentials, 'memory', []);
  place.options({});
  const { memoryObjectStore } = await import('@holdfast/core');
  const name = place.path().join('/');
  return memoryObjectStore(name === '' ? {} : { name });
};

const FILE: Opener = async (place, { credentials }) => {
  checkCredentials(credentials, 'file', []);
  place.refuseExtras();
  const options = place.options({ create: flag });
  const { localObjectStore } = await import('../local/index.ts');
  let directory: string;
  try {
    directory = fileURLToPath(`file://${place.url.host}${place.url.pathname}`);
  } catch {
    throw urlInvalid('leads to another host or has a broken path', 'Write file:///var/backups.');
  }
  return localObjectStore(directory, options);
};

const OPEN_S3: Opener = async (place, { credentials, resolvers }) => {
  checkCredentials(credentials, 's3', ['accessKeyId', 'secretAccessKey', 'sessionToken']);
  place.refuseExtras();
  const options = place.options(S3) as Partial<S3ObjectStoreOptions>;
  const { s3ObjectStore } = await import('../s3/index.ts');
  const isGiven = Object.keys(credentials).length > 0;
  return s3ObjectStore({
    ...options,
    bucket: place.url.host,
    ...prefixOf(place.path()),
    ...(isGiven && { credentials: credentials as unknown as S3Credentials }),
    ...(resolvers && { resolvers }),
  });
};

const OPEN_AZURE: Opener = async (place, { credentials, resolvers }) => {
  checkCredentials(credentials, 'azure', ['accountKey', 'sas']);
  place.refuseExtras();
  const options = place.options(AZURE) as Partial<AzureObjectStoreOptions>;
  const { azureObjectStore } = await import('../azure/index.ts');
  const [container = '', ...prefix] = place.path();
  return azureObjectStore({
    ...options,
    account: place.url.host,
    container,
    ...prefixOf(prefix),
    ...credentialOf(credentials),
    ...(resolvers && { resolvers }),
  });
};

/** As ssh does it: the user of this process unless told otherwise, and the agent when nothing else is given to log in with. */
const OPEN_SFTP: Opener = async (place, { credentials, resolvers }) => {
  checkCredentials(credentials, 'sftp', ['password', 'privateKey', 'passphrase']);
  place.refuseSecrets();
  const { fingerprint, knownHosts, ...options } = place.options(SFTP);
  const { sftpObjectStore } = await import('../sftp/index.ts');
  const { hostname, port, username } = place.url;
  const [first, ...rest] = place.path();
  const agent = process.env['SSH_AUTH_SOCK'];
  const isGiven = Object.keys(credentials).length > 0;
  return sftpObjectStore({
    ...(agent !== undefined && !isGiven && { agent }),
    ...(options as Partial<SftpObjectStoreOptions>),
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    username: username === '' ? userInfo().username : decodeURIComponent(username),
    directory: first === '~' ? rest.join('/') || '.' : `/${[first, ...rest].join('/')}`,
    ...(port !== '' && { port: Number(port) }),
    ...hostKeyOf(fingerprint, knownHosts),
    ...credentials,
    ...(resolvers && { resolvers }),
  });
};

function hostKeyOf(fingerprint: unknown, knownHosts: unknown): { readonly hostKey?: SftpHostKey } {
  if (typeof fingerprint === 'string') return { hostKey: fingerprint };
  return typeof knownHosts === 'string' ? { hostKey: { knownHosts } } : {};
}

function prefixOf(parts: readonly string[]): { readonly prefix?: string } {
  return parts.length === 0 ? {} : { prefix: parts.join('/') };
}

function credentialOf(credentials: Credentials): { readonly credential?: AzureCredential } {
  const { accountKey, sas } = credentials as { accountKey?: Secret; sas?: Secret };
  if (accountKey !== undefined) return { credential: { accountKey } };
  return sas === undefined ? {} : { credential: { sas } };
}

/** By the scheme of a URL. Each loads its adapter when it is called. */
export const OPENERS: ReadonlyMap<string, Opener> = new Map([
  ['memory', MEMORY],
  ['file', FILE],
  ['s3', OPEN_S3],
  ['azure', OPEN_AZURE],
  ['sftp', OPEN_SFTP],
]);
