import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Workroom } from '../workroom.ts';
import type { Flavor, Tool } from './programs.ts';
import type { MysqlAddress } from './spec.ts';

/** How a program logs in. */
export interface Login {
  /** The first argument: programs of MySQL take it nowhere else. */
  readonly arg: string;
  /** Removes the file. Never throws. */
  forget(): Promise<void>;
}

/** The escapes that option files know: https://mariadb.com/kb/en/configuring-mariadb-with-option-files/ */
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
};

/** A value of an option file; in quotes `#` and spaces are no more than that. */
function quoteOption(value: string): string {
  return `"${value.replaceAll(/[\\"\n\r\t\b]/g, (char) => ESCAPES[char] ?? char)}"`;
}

const VERIFIED: { readonly [flavor in Flavor]: string } = {
  MariaDB: 'ssl-verify-server-cert=1',
  MySQL: 'ssl-mode=VERIFY_IDENTITY',
};

function optionLines(
  address: MysqlAddress,
  password: string | undefined,
  flavor: Flavor,
): readonly string[] {
  const { host, port, user, tls, caFile } = address;
  const place = isAbsolute(host)
    ? [`socket=${quoteOption(host)}`, 'protocol=socket']
    : [`host=${quoteOption(host)}`, `port=${port}`, 'protocol=tcp'];
  return [
    '[client]',
    ...place,
    `user=${quoteOption(user)}`,
    ...(password === undefined ? [] : [`password=${quoteOption(password)}`]),
    // What asks for TLS, and for a certificate of the host's name; the families have names of their own for it.
    ...(tls === true ? [VERIFIED[flavor]] : []),
    ...(caFile === undefined ? [] : [`ssl-ca=${quoteOption(caFile)}`]),
    '',
  ];
}

/**
 * Writes an option file, mode 0600, with what is needed to log in, the password included. Programs read it and no
 * other option file: a `force` or `compact` in one of the machine's own would make liars of them.
 */
export async function prepareLogin(
  address: MysqlAddress,
  { flavor }: Tool,
  room: Workroom,
): Promise<Login> {
  const password = address.password === undefined ? undefined : await room.secret(address.password);
  const path = join(room.scratch, `${randomUUID()}.cnf`);
  await writeFile(path, optionLines(address, password, flavor).join('\n'), {
    mode: 0o600,
    flag: 'wx',
  });
  return { arg: `--defaults-file=${path}`, forget: () => rm(path, { force: true }) };
}
