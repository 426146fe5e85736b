import { isAbsolute } from 'node:path';
import { HoldfastError, isSecret, type Secret } from '@holdfast/core';
import { checkName } from '../../model/names.ts';
import type { SourceSpec } from '../source.ts';

/** A Redis server, all its databases. */
export interface RedisSpec extends SourceSpec {
  readonly kind: 'redis';
  /** A host's name or address, or the absolute path of a socket. */
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: Secret;
  readonly tls: boolean;
  readonly caFile?: string;
  readonly checksums: boolean;
}

/** How a Redis server is described. */
export interface RedisOptions {
  /** Names the backup set and the artifact. */
  readonly name: string;
  /** A host's name or address, or the absolute path of a socket. Default '127.0.0.1'. */
  readonly host?: string;
  /** Default 6379; not used with a socket. */
  readonly port?: number;
  /**
   * A user of Redis 6 or later, who may SYNC, PSYNC, REPLCONF, PING and INFO; for `checksums` also read every key (`+@read
   * +@connection +time`). Default: the default user.
   */
  readonly user?: string;
  /** Where the password is found. Default: none is sent. */
  readonly password?: Secret;
  /** Whether to encrypt the connection; the server's certificate is checked. Default false. */
  readonly tls?: boolean;
  /** Absolute path of a file with the certificates that are trusted. Default: those of the system. */
  readonly caFile?: string;
  /**
   * Whether to read the values after the dump, too, and to compare them: their hashes, and when keys expire. The server tells
   * which keys are written to meanwhile, and these are left out. All data pass over the line once more, and are held as some
   * tens of bytes a key. Needs version 7. Default false: a server is one thread, and an RDB file has a checksum of the server's
   * own, which shows what was altered on the way.
   */
  readonly checksums?: boolean;
}

function faultOf(spec: Omit<RedisSpec, 'kind' | 'name' | 'checksums'>): string | undefined {
  const { host, port, user, password, caFile } = spec;
  const odd = isAbsolute(host) ? /\0/ : /^-|^$|[\0-\x20]/;
  if (odd.test(host)) return 'host is a name, an address or a path';
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return 'port is from 1 to 65535';
  if (user !== undefined && (user === '' || user.includes('\0'))) return 'user is not empty';
  if (password !== undefined && !isSecret(password))
    return 'password is a Secret, never the password itself';
  if (caFile !== undefined && !isAbsolute(caFile)) return 'caFile is an absolute path';
  return undefined;
}

/**
 * Describes a Redis server. All its databases are dumped as one RDB file, which is the state at one moment: the server
 * forks for it, as it does for a replica.
 *
 * @throws `BACKUP_NAME_INVALID`, `OPTIONS_INVALID`
 */
export function redisSource(options: RedisOptions): RedisSpec {
  const { name, host = '127.0.0.1', port = 6379, user, password, tls = false, caFile } = options;
  const place = {
    host,
    port,
    tls,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(caFile === undefined ? {} : { caFile }),
  };
  const fault = faultOf(place);
  const { checksums = false } = options;
  if (fault === undefined)
    return { kind: 'redis', name: checkName('source', name), ...place, checksums };
  throw new HoldfastError('OPTIONS_INVALID', `redisSource ${name}: ${fault}.`, {
    hint: 'Correct the options of the source.',
    retryable: false,
    context: { name },
  });
}
