import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const SSHD = '/usr/sbin/sshd';

/** Whether a server can be started here. */
export const hasOpenSsh = existsSync(SSHD) && (process.getuid?.() !== 0 || existsSync('/run/sshd'));

/** What is lacking where {@link hasOpenSsh} is false, for the message. */
export const SSHD_NEEDED = `an SFTP server: ${SSHD} (package openssh-server) and, as root, /run/sshd not found`;

/** A server of OpenSSH on this machine, with keys of its own. */
export interface Sshd {
  readonly port: number;
  readonly username: string;
  /** Where its files are. */
  readonly folder: string;
  /** The fingerprint of its key. */
  readonly fingerprint: string;
  /** The line of its key. */
  readonly hostKey: string;
  /** The file with the key of the user who may log in. */
  readonly userKey: string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function makeKey(path: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path]);
}

function configFor(folder: string, port: number, subsystem: string): string {
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'user.pub')}`,
    `PidFile none`,
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'StrictModes no',
    'UsePAM no',
    'MaxStartups 100',
    `Subsystem sftp ${subsystem}`,
    '',
  ].join('\n');
}

/**
 * Starts a server; it is ready when this resolves.
 *
 * @param subsystem the command that serves SFTP, by the folder of the server's files
 */
export async function startSshd(
  subsystem: (folder: string) => string = () => 'internal-sftp',
): Promise<Sshd> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-sshd-'));
  await chmod(folder, 0o755);
  for (const name of ['host', 'user']) makeKey(join(folder, name));
  const port = await freePort();
  await writeFile(join(folder, 'config'), configFor(folder, port, subsystem(folder)));
  const child = spawn(SSHD, ['-D', '-e', '-f', join(folder, 'config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exit = once(child, 'exit');
  const lines = createInterface({ input: child.stderr });
  await new Promise<void>((resolve, reject) => {
    const said: string[] = [];
    lines.on('line', (line) => {
      said.push(line);
      if (line.includes('listening on')) resolve();
    });
    void exit.then(() => reject(new Error(`sshd did not start: ${said.join('; ')}`)));
  });
  const hostKey = (await readFile(join(folder, 'host.pub'), 'utf8')).trim();
  const shown = execFileSync('ssh-keygen', ['-l', '-f', join(folder, 'host.pub')], {
    encoding: 'utf8',
  });
  return {
    port,
    username: userInfo().username,
    folder,
    fingerprint: shown.split(' ')[1]!,
    hostKey,
    userKey: join(folder, 'user'),
    async stop() {
      child.kill('SIGTERM');
      await exit;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
