import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate for 127.0.0.1 that has signed itself, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes one with the program openssl; undefined, after a word on it, without that. With CI set it must be there. */
export function makeCertificate(folder: string): Certificate | undefined {
  const cert = join(folder, 'cert.pem');
  const key = join(folder, 'key.pem');
  const subject = ['-subj', '/CN=holdfast-test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const args = ['req', '-x509', ...kind, '-days', '2', ...subject, '-keyout', key, '-out', cert];
  const { status } = spawnSync('openssl', args);
  if (status === 0) return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  if (process.env['CI'] === 'true') throw new Error('This test needs the program openssl.');
  process.stdout.write('skipped: this test needs the program openssl\n');
  return undefined;
}
