import { execFileSync, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { secret, type Secret } from '@holdfast/core';
import { isProvided } from '../../../../test/servers/provided.ts';

/** A key pair of age, its identity in a file. */
export interface KeyPair {
  readonly recipient: string;
  readonly path: string;
  /** The text of the identity file: what must show up nowhere. */
  readonly text: string;
  readonly identity: Secret;
}

/** Makes a key pair with the program of age. */
export async function makeKey(directory: string, name: string): Promise<KeyPair> {
  const text = execFileSync('age-keygen', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const path = join(directory, `${name}.key`);
  await writeFile(path, text, { mode: 0o600 });
  const recipient = /public key: (\S+)/.exec(text)?.[1] ?? '';
  return { recipient, path, text, identity: secret(`file:${path}`) };
}

/** The part of a key's text that is the secret. */
export function secretLine({ text }: KeyPair): string {
  return text.split('\n').find((line) => line.startsWith('AGE-SECRET-KEY-')) ?? '';
}

/** Whether the program of age is here; with CI set it must be. */
export const hasAge = isProvided(spawnSync('age', ['--version']).status === 0, 'the program age');
