import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { currentProcess, formatIdentity, identifyProcess, isAlive } from '@holdfast/core/process';
import { verifyBackup } from '@holdfast/backups';
import { defaultScratchRoot } from '../src/sources/workroom.ts';
import { replacing } from './support/liar-programs.ts';
import { canRun, postgresRooms } from './support/postgres-rooms.ts';
import { leftIn } from './support/rooms.ts';
import { SHOP } from './support/shop.ts';

const PROGRAM = fileURLToPath(new URL('support/leave-postgres.ts', import.meta.url));

const pg = postgresRooms((server) => {
  server.createDatabase('shop');
  server.sql(SHOP, 'shop');
});

/** Directories outside of any room that this process has made for scratch servers. */
async function outside(): Promise<readonly string[]> {
  const own = `.holdfast-${formatIdentity(currentProcess()).replaceAll(':', '+')}`;
  return (await readdir(tmpdir())).filter((name) => name.startsWith(own));
}

async function links(): Promise<readonly string[]> {
  const names = await leftIn(defaultScratchRoot());
  return names.filter((name) => /^s-[0-9a-f]{8}$/.test(name));
}

/** Whether a name is there, be it a link to nothing. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

describe.skipIf(!canRun)('a scratch PostgreSQL', { timeout: 120_000 }, () => {
  it('is gone with all that was made for it, after a proof that failed, too', async () => {
    const dumped = await pg.dump({});
    let socket = '';
    const check = ({ server }: { readonly server: { readonly host: string } }) => {
      socket = server.host;
      return false;
    };
    await expect(verifyBackup({ ...dumped, check })).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
    });
    expect(socket).toMatch(/\/s-[0-9a-f]{8}$/);
    expect(isThere(socket)).toBe(false);
    expect(await outside()).toEqual([]);
    expect(await leftIn(pg.rooms.scratchRoot)).toEqual([]);
  });

  it('is ended and removed by the next drill when its process was killed', async () => {
    const args = ['--conditions=@holdfast/source', PROGRAM, pg.rooms.scratchRoot];
    const parent = spawn(process.execPath, [...args, String(pg.server.port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const { directory, socket } = JSON.parse(line.toString()) as Record<
      'directory' | 'socket',
      string
    >;
    const pid = Number(readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')[0]);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    const server = identifyProcess(pid);
    if (server === undefined) expect.fail('the server did not outlive its parent');
    onTestFinished(() => {
      if (isAlive(server) === 'alive') process.kill(server.pid, 'SIGQUIT');
    });
    expect(await links()).toContain(socket.split('/').at(-1));
    await verifyBackup(await pg.dump({}));
    expect(isAlive(server)).toBe('dead');
    expect(existsSync(directory)).toBe(false);
    expect(isThere(socket)).toBe(false);
    expect(await leftIn(pg.rooms.scratchRoot)).toEqual([]);
  });

  it('is ended when the signal aborts in the middle of a restore that hangs, on a given server, too', async () => {
    const bin = join(pg.rooms.root, 'bin');
    const script = 'echo begun >&2; exec sleep 1000';
    const programs = await replacing(pg.server.bin, 'pg_restore', script, bin);
    const dumped = await pg.dump({});
    const before = pg.databases();
    const controller = new AbortController();
    const { startChild } = await import('@holdfast/core/process');
    const verified = verifyBackup({
      ...dumped,
      scratchServer: pg.target({ programs }),
      signal: controller.signal,
      startChild: async (command, options) => {
        const child = await startChild(command, options);
        if (command.endsWith('pg_restore')) controller.abort(new Error('given up'));
        return child;
      },
    });
    await expect(verified).rejects.toThrow('given up');
    expect(pg.databases()).toEqual(before);
    expect(await leftIn(pg.rooms.scratchRoot)).toEqual([]);
  });
});
