import { durationMs, isSecret } from '@holdfast/core';
import type { Duration, Secret, SecretResolvers } from '@holdfast/core';
import { OptionChecks } from '../remote/option-checks.ts';
import { isHostKeyText } from './host-key.ts';
import type { SftpHostKey } from './host-key.ts';

/** How an object store on an SFTP server is made. */
export interface SftpObjectStoreOptions {
  /** The name of the server, or its address. */
  readonly host: string;
  /** Default 22. */
  readonly port?: number;
  /** Who logs in. */
  readonly username: string;
  /** Its path on the server; a relative one is below the directory that a login begins in. */
  readonly directory: string;
  /** By what the server is known. Default: the user's own file of known hosts, `~/.ssh/known_hosts`. */
  readonly hostKey?: SftpHostKey;
  /** Logs in by a password. Default: none. */
  readonly password?: Secret;
  /** Logs in by a private key, in one of OpenSSH's formats, or PEM. Default: none. */
  readonly privateKey?: Secret;
  /** Opens the private key. Default: it needs none. */
  readonly passphrase?: Secret;
  /** The socket of an agent that holds keys, mostly `process.env.SSH_AUTH_SOCK`. Default: none. */
  readonly agent?: string;
  /** Resolve secrets of other schemes than `env` and `file`. */
  readonly resolvers?: SecretResolvers;
  /**
   * Creates the directory, and what is missing above it, with the first write. Default true. Set it to false where a
   * disk has to be mounted below it: a directory that is not there is then `OBJECT_STORE_UNAVAILABLE`.
   */
  readonly create?: boolean;
  /** The mode of new files, less the server's umask. Default 0o600: the owner alone. */
  readonly fileMode?: number;
  /** The mode of new directories, less the server's umask. Default 0o700: the owner alone. */
  readonly directoryMode?: number;
  /**
   * How `ifAbsent` is kept. `'hardlink'` (default): by hardlink@openssh.com, decided by the server's file system.
   * `'looks'`: the store looks for the key before it reads the body and before it publishes, for servers without hard
   * links; of two writers who meet both may win. `'refused'`: not at all.
   */
  readonly ifAbsent?: 'hardlink' | 'looks' | 'refused';
  /**
   * Whether `put` resolves only after fsync@openssh.com. `'required'` (default): a server without it is refused.
   * `'where-offered'`: elsewhere a crash of the server may take what it had acknowledged.
   */
  readonly sync?: 'required' | 'where-offered';
  /** How many reads or writes of a body are under way at once: 1 to 256. Default 32. */
  readonly requests?: number;
  /** How many bytes one of them carries: 1 KiB to 255 KiB. Default 128 KiB. */
  readonly requestBytes?: number;
  /** How long connecting may take, with the exchange of keys and the login. Default 20 s. */
  readonly connectTimeout?: Duration;
  /** How often an idle connection is tried; after three tries without an answer it counts as lost. Default 15 s. */
  readonly keepAlive?: Duration;
}

/** The options with their defaults. */
export interface SftpSettings {
  readonly options: SftpObjectStoreOptions;
  readonly port: number;
  readonly create: boolean;
  readonly fileMode: number;
  readonly directoryMode: number;
  readonly ifAbsent: 'hardlink' | 'looks' | 'refused';
  readonly sync: 'required' | 'where-offered';
  readonly requests: number;
  readonly requestBytes: number;
  readonly connectMs: number;
  readonly keepAliveMs: number;
}

const KIB = 1024;

const checks = new OptionChecks('sftpObjectStore');

const KNOWN: { readonly [option in keyof SftpObjectStoreOptions]-?: true } = {
  host: true,
  port: true,
  username: true,
  directory: true,
  hostKey: true,
  password: true,
  privateKey: true,
  passphrase: true,
  agent: true,
  resolvers: true,
  create: true,
  fileMode: true,
  directoryMode: true,
  ifAbsent: true,
  sync: true,
  requests: true,
  requestBytes: true,
  connectTimeout: true,
  keepAlive: true,
};

function checkPlace(options: SftpObjectStoreOptions): void {
  for (const name of ['host', 'username', 'directory'] as const) {
    const value: unknown = options[name];
    if (typeof value !== 'string' || value === '')
      throw checks.invalid(`it has no ${name}`, 'Give one.');
  }
}

/** A password in the code ends in logs and repositories: it is asked for as a reference. */
function checkCredentials(options: SftpObjectStoreOptions): void {
  for (const name of ['password', 'privateKey', 'passphrase'] as const) {
    if (options[name] === undefined || isSecret(options[name])) continue;
    const hint = `Give a reference: { ${name}: secret('env:SFTP_${name.toUpperCase()}') }.`;
    throw checks.invalid(`its ${name} is no secret`, hint);
  }
  const { password, privateKey, agent } = options;
  if (password ?? privateKey ?? agent) return;
  throw checks.invalid(
    'it has nothing to log in with',
    'Give a privateKey, a password or an agent.',
  );
}

function isHostKey(hostKey: SftpHostKey): boolean {
  if (typeof hostKey === 'string') return isHostKeyText(hostKey);
  if ('unchecked' in hostKey) return hostKey.unchecked;
  if ('knownHosts' in hostKey) return hostKey.knownHosts !== '';
  return hostKey.length > 0 && hostKey.every(isHostKeyText);
}

function checkHostKey(hostKey: SftpHostKey | undefined): void {
  if (hostKey === undefined || isHostKey(hostKey)) return;
  throw checks.invalid(
    'its hostKey is nothing a server can be known by',
    "Give 'SHA256:…', 'ssh-ed25519 AAAA…', { knownHosts: path } or, to check nothing, { unchecked: true }.",
  );
}

/** @throws `OPTIONS_INVALID`, `DURATION_INVALID` */
export function sftpSettings(options: SftpObjectStoreOptions): SftpSettings {
  checks.refuseUnknown(options, KNOWN);
  checkPlace(options);
  checkCredentials(options);
  checkHostKey(options.hostKey);
  const { fileMode = 0o600, directoryMode = 0o700, ifAbsent = 'hardlink' } = options;
  return {
    options,
    port: checks.wholeBetween('port', options.port ?? 22, 1, 65_535),
    create: options.create ?? true,
    fileMode: checks.wholeBetween('fileMode', fileMode, 0, 0o777),
    directoryMode: checks.wholeBetween('directoryMode', directoryMode, 0, 0o777),
    ifAbsent: checks.oneOf('ifAbsent', ifAbsent, ['hardlink', 'looks', 'refused']),
    sync: checks.oneOf('sync', options.sync ?? 'required', ['required', 'where-offered']),
    requests: checks.wholeBetween('requests', options.requests ?? 32, 1, 256),
    requestBytes: checks.wholeBetween(
      'requestBytes',
      options.requestBytes ?? 128 * KIB,
      KIB,
      255 * KIB,
    ),
    connectMs: durationMs(options.connectTimeout ?? '20s', 'sftpObjectStore: connectTimeout'),
    keepAliveMs: durationMs(options.keepAlive ?? '15s', 'sftpObjectStore: keepAlive'),
  };
}
