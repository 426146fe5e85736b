import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { secret } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { sftpObjectStore } from '@holdfast/storage/sftp';
import { startSshd, type Sshd } from '../servers/sshd.ts';
import type { Figure } from './harness.ts';
import { alikeMemory, bodyOfFile, GB, makeFile, run, transferFigure } from './transfers.ts';

/** OpenSSH's own client, with commands of its batch mode. */
function sftp(server: Sshd, commands: string): Promise<void> {
  const options = [
    'LogLevel=ERROR',
    'BatchMode=yes',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
  ];
  return run(
    'sftp',
    [
      '-q',
      '-b',
      '-',
      '-P',
      String(server.port),
      '-i',
      server.userKey,
      ...options.flatMap((option) => ['-o', option]),
      `${server.username}@127.0.0.1`,
    ],
    `${commands}\n`,
  );
}

/** How a store on the server is opened. */
export function storeOptions({ port, username, hostKey, userKey, folder }: Sshd) {
  const directory = join(folder, 'store');
  const privateKey = secret(`file:${userKey}`);
  return { host: '127.0.0.1', port, username, hostKey, directory, privateKey };
}

async function figuresOn(server: Sshd, store: ObjectStore): Promise<Figure[]> {
  const [source, copy] = [join(server.folder, 'source'), join(server.folder, 'copy')];
  await makeFile(source, GB);
  const disk = localObjectStore(join(server.folder, 'disk'));
  const forget = async (): Promise<void> => {
    await rm(copy, { force: true });
    await disk.delete('dump');
    await alikeMemory(server.folder);
  };
  return [
    await transferFigure({
      name: 'SFTP (OpenSSH): 1 GB to a store',
      ours: () => store.put('dump', bodyOfFile(source)),
      baseline: () => sftp(server, `put -f ${source} ${copy}`),
      before: async () => {
        await store.delete('dump');
        await forget();
      },
      least: 0.8,
      of: 'sftp, put -f',
    }),
    await transferFigure({
      name: 'SFTP (OpenSSH): 1 GB from a store, to one on the disk',
      ours: () => disk.put('dump', store.get('dump', { lent: true })),
      baseline: () => sftp(server, `get -f ${join(server.folder, 'store/dump')} ${copy}`),
      before: forget,
      least: 0.8,
      of: 'sftp, get -f',
    }),
  ];
}

/** 1 GB to and from an SFTP server, against OpenSSH's own client. */
export async function sftpFigures(): Promise<Figure[]> {
  const server = await startSshd();
  const store = sftpObjectStore(storeOptions(server));
  try {
    return await figuresOn(server, store);
  } finally {
    await store.close();
    await server.stop();
  }
}
