import { HoldfastError, isHoldfastError, ObjectStoreError } from '@holdfast/core';
import type { Client, ConnectConfig, ServerHostKeyAlgorithm, SFTPWrapper } from 'ssh2';
import { loadPackage } from '../remote/load-package.ts';
import type { SecretValues } from '../remote/secret-values.ts';
import { gatheringSocket } from './gathering-socket.ts';
import type { HostKeyError } from './host-key-error.ts';
import { hostKeyCheck } from './host-key.ts';
import type { HostKeyCheck } from './host-key.ts';
import type { SftpSettings } from './options.ts';
import { Session } from './session.ts';

/** What the library adds to its errors. */
interface ConnectError extends Error {
  readonly level?: string;
}

/** Host key algorithms that ssh2 knows, in its own order of preference. */
const ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
];

/** A server has keys of several kinds: it is asked for one of the known kinds first. */
function algorithmsFor(types: readonly string[]): ServerHostKeyAlgorithm[] {
  const isKnown = (name: string): boolean =>
    types.includes(name.startsWith('rsa-sha2-') ? 'ssh-rsa' : name);
  return ALGORITHMS.toSorted((a, b) => Number(isKnown(b)) - Number(isKnown(a)));
}

async function credentials(
  { options }: SftpSettings,
  secrets: SecretValues,
): Promise<ConnectConfig> {
  const { password, privateKey, passphrase, agent } = options;
  return {
    ...(password && { password: await secrets.read(password) }),
    ...(privateKey && { privateKey: await secrets.read(privateKey) }),
    ...(passphrase && { passphrase: await secrets.read(passphrase) }),
    ...(agent !== undefined && { agent }),
  };
}

function connectFailure(error: ConnectError, what: string, secrets: SecretValues): Error {
  if (isHoldfastError(error)) return error;
  const text = secrets.scrub(error.message);
  const cause = new Error(text);
  if (error.level === 'client-authentication' || error.level === 'agent') {
    return new ObjectStoreError('denied', `Cannot ${what}: ${text}`, {
      cause,
      hint: 'Check the username and the key or password, and that the server lets this user log in.',
    });
  }
  return new ObjectStoreError('unavailable', `Cannot ${what}: ${text}`, { cause });
}

/** The library throws when a key is no key, or its passphrase is wrong. */
function start(client: Client, config: ConnectConfig, secrets: SecretValues): void {
  const { host = '', port = 22 } = config;
  const sock = gatheringSocket(host, port);
  try {
    client.connect({ ...config, sock });
  } catch (error) {
    sock.destroy();
    const text = secrets.scrub((error as Error).message);
    throw new HoldfastError('OPTIONS_INVALID', `sftpObjectStore: ${text}`, {
      hint: 'Give a private key in a format of OpenSSH or PEM, and its passphrase if it has one.',
      retryable: false,
    });
  }
}

function logIn(
  client: Client,
  config: ConnectConfig,
  hostKey: HostKeyCheck,
  secrets: SecretValues,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let refusal: HostKeyError | undefined;
    const fail = (error: Error): void => reject(refusal ?? error);
    client.on('error', fail);
    client.once('close', () => fail(new Error('The server closed the connection.')));
    client.once('ready', () => resolve());
    const hostVerifier = (key: Buffer): boolean => {
      refusal = hostKey.judge(key);
      return refusal === undefined;
    };
    start(client, { ...config, hostVerifier }, secrets);
  });
}

function openSftp(client: Client): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    client.once('close', () => reject(new Error('The server closed the connection.')));
    client.sftp((error, sftp) => {
      if (error) reject(error);
      else resolve(sftp);
    });
  });
}

/**
 * Connects to a server and logs in.
 *
 * @throws `PACKAGE_MISSING`, `HOST_KEY_MISMATCH`, `HOST_KEY_UNKNOWN`, `OBJECT_STORE_DENIED`, `OBJECT_STORE_UNAVAILABLE`
 */
export async function connect(settings: SftpSettings, secrets: SecretValues): Promise<Session> {
  const { options, port, connectMs, keepAliveMs } = settings;
  const { host, username } = options;
  const ssh2 = await loadPackage('ssh2', 'sftpObjectStore', () => import('ssh2'));
  const hostKey = await hostKeyCheck(options.hostKey, host, port);
  const config: ConnectConfig = {
    ...(await credentials(settings, secrets)),
    host,
    port,
    username,
    readyTimeout: connectMs,
    keepaliveInterval: keepAliveMs,
    keepaliveCountMax: 3,
    algorithms: { serverHostKey: algorithmsFor(hostKey.types) },
  };
  const client = new ssh2.default.Client();
  try {
    await logIn(client, config, hostKey, secrets);
    return new Session(client, await openSftp(client));
  } catch (error) {
    client.destroy();
    throw connectFailure(error as ConnectError, `connect to ${host}:${port}`, secrets);
  }
}
