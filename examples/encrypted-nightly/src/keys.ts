import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from '@holdfast/core/process';

/** A key pair of age. */
export interface KeyPair {
  /** Path of the identity, which is secret. */
  readonly identity: string;
  /** The public key. */
  readonly recipient: string;
}

/** Makes a key pair by the program of age, unless it is there. In earnest the identity does not lie beside its backups. */
export async function keyPair(directory: string, name: string): Promise<KeyPair> {
  const identity = join(directory, `${name}.key`);
  if (!existsSync(identity)) await runChild('age-keygen', { args: ['-o', identity] });
  const { stdout } = await runChild('age-keygen', { args: ['-y', identity] });
  return { identity, recipient: stdout.trim() };
}
