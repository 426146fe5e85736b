import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isProvided } from '../provided.ts';
import { canTrace, parseTrace, theCall } from '../system-calls.ts';
import type { SystemCall } from '../system-calls.ts';
import { testDirectory, useSshd } from './places.ts';
import { hasSshd } from './sshd.ts';

const SFTP_SERVER = '/usr/lib/openssh/sftp-server';
const CALLS = 'fsync,?rename,?renameat,?renameat2,?link,linkat,?unlink,unlinkat';

const canTraceServer =
  hasSshd && isProvided(canTrace && existsSync(SFTP_SERVER), `strace, and ${SFTP_SERVER}`);

/** OpenSSH's SFTP server under strace, which writes down each call before the server goes on. */
const server = useSshd(
  (folder) => `/usr/bin/strace -f -y -A -s 300 -o ${folder}/trace -e trace=${CALLS} ${SFTP_SERVER}`,
);

/** What the server has done by now. */
async function done(): Promise<readonly SystemCall[]> {
  return parseTrace(await readFile(join(server().folder, 'trace'), 'utf8'));
}

describe.runIf(canTraceServer)('on an SFTP server', () => {
  it.each([
    ['rename', false],
    ['link', true],
  ])(
    'a put has synced the file, then published it (%s), then synced the directories',
    async (publish, ifAbsent) => {
      const { directory, store } = await testDirectory();
      await store().put('a/b/c', Buffer.alloc(3_000_000, 'x'), { ifAbsent });
      const calls = await done();
      const file = theCall(calls, /^fsync$/, `${directory}/.holdfast-tmp/`);
      const published = theCall(calls, new RegExp(`^${publish}`), `"${directory}/a/b/c"`);
      expect(file.ended).toBeLessThan(published.began);
      for (const path of ['/a/b', '/a', '']) {
        const synced = theCall(calls, /^fsync$/, `<${directory}${path}>`);
        expect(published.ended).toBeLessThan(synced.began);
      }
    },
  );

  it('a store that had to be created has its directories synced', async () => {
    const place = await testDirectory();
    const directory = join(place.directory, 'new/store');
    await place.store({ directory }).put('a', Buffer.from('x'));
    const calls = await done();
    for (const path of [place.directory, join(place.directory, 'new'), directory]) {
      theCall(calls, /^fsync$/, `<${path}>`);
    }
  });

  it('a delete has synced the directory', async () => {
    const { directory, store } = await testDirectory();
    await store().put('a/b', Buffer.from('x'));
    const before = (await done()).length;
    await store().delete('a/b');
    const calls = (await done()).slice(before);
    const removed = theCall(calls, /^unlink/, `"${directory}/a/b"`);
    const synced = theCall(calls, /^fsync$/, `<${directory}/a>`);
    expect(removed.ended).toBeLessThan(synced.began);
  });
});
