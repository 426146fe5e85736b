import { execFileSync } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';

/** Files of a key and its certificate for localhost, which certifies itself. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Makes a certificate; anybody may read its files, as servers run as users of their own. */
export async function makeCertificate(directory: string, name: string): Promise<Certificate> {
  const key = join(directory, `${name}.key`);
  const cert = join(directory, `${name}.crt`);
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', [...args, '-out', cert, ...subject], { stdio: 'pipe' });
  for (const file of [key, cert]) await chmod(file, 0o644);
  return { key, cert };
}
