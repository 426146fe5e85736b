import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { isHoldfastError } from '@holdfast/core';
import type { Backup } from '../../model/backup.ts';
import type { KnownSource } from '../../sources/known-sources.ts';
import { isServerSource } from '../../sources/servers/server-source.ts';
import type { StoredBackup } from '../../sources/source.ts';
import { openScratchCopy } from '../../verify/scratch-copy.ts';
import { verifyBackup } from '../../verify/verify-backup.ts';
import type { SourceBench } from './bench.ts';
import type { SourceCheck, SourceSubject } from './check.ts';
import { recordDump, replaying } from './recorded-dump.ts';

const run = promisify(execFile);

async function verify({ source }: SourceSubject, bench: SourceBench, backup: Backup) {
  return verifyBackup({ ...bench.work(source), backup, store: bench.store });
}

/** Compares what stands at a path with what the manifest says. */
async function compareAt(
  source: KnownSource,
  stored: StoredBackup,
  at: string,
  bench: SourceBench,
) {
  if (isServerSource(source)) throw new Error('it restores into a server');
  return bench.inRoom((room) => source.compare(stored, at, room));
}

/** Lays a backup out as a folder, as on a disk that somebody brings along. */
async function folderOf(bench: SourceBench, backup: Backup): Promise<string> {
  const folder = await bench.directory('usb stick');
  for (const key of await bench.keys()) {
    const name = key.slice(backup.path.length);
    if (key.startsWith(backup.path) && !name.includes('/')) {
      await writeFile(join(folder, name), await bench.bytesOf(key));
    }
  }
  return folder;
}

/** What a restore gives, and what a proof is worth. */
export const provingChecks: readonly SourceCheck[] = [
  {
    name: 'comes back as it was',
    async run(subject, bench) {
      const backup = await bench.backUp(subject);
      const record = await verify(subject, bench, backup);
      assert.equal(record.reached, 'restored');
      await bench.assertTidy();
    },
  },
  {
    name: 'restores to where it is told to, and to nowhere else',
    needs: 'path',
    async run(subject, bench) {
      const { source } = subject;
      if (isServerSource(source)) return;
      const at = join(await bench.directory('place'), 'restored');
      const stored = await bench.stored(await bench.backUp(subject));
      await bench.inRoom((room) => source.restore(stored, at, room));
      const allowed = ['', ...(source.companions ?? [])].map((end) => `restored${end}`);
      const found = await readdir(join(at, '..'));
      assert.ok(found.includes(basename(at)), 'nothing was restored');
      assert.deepEqual(
        found.filter((name) => !allowed.includes(name)),
        [],
        'written beside what was restored',
      );
      await bench.assertTidy();
    },
  },
  {
    name: 'sees what is missing in a restored copy',
    async run(subject, bench) {
      const stored = await bench.stored(await bench.backUp(subject));
      await bench.inRoom(async (room) => {
        const copy = await openScratchCopy(subject.source, stored, undefined, room);
        try {
          await copy.restore();
          assert.deepEqual((await copy.compare()).differences, [], 'a good copy differs');
          await subject.damage(copy.restored);
          const { differences } = await copy.compare();
          assert.ok(differences.length > 0, 'a damaged copy is taken for a good one');
          assert.ok(differences.length <= 100, 'more than 100 differences');
        } finally {
          await copy.close();
        }
      });
      await bench.assertTidy();
    },
  },
  {
    name: 'does not prove a dump that lost something before it was hashed',
    async run(subject, bench) {
      const { source, spec, lossIn = 0 } = subject;
      const truth = await bench.inRoom((room) => recordDump(source, spec, room));
      await subject.lose();
      const less = await bench.inRoom((room) => recordDump(source, spec, room));
      const streams = truth.streams.map((one, index) =>
        index === lossIn ? (less.streams[index] ?? one) : one,
      );
      assert.notDeepEqual(streams, truth.streams, 'lose() has changed nothing in that stream');
      const liar = replaying(source, { facts: truth.facts, streams });
      const backup = await bench.backUp(subject, liar);
      const error: unknown = await verify(subject, bench, backup).then(
        () => assert.fail('a dump that lost something is called proven'),
        (failure: unknown) => failure,
      );
      assert.ok(isHoldfastError(error) && error.code === 'VERIFY_FAILED', String(error));
      await bench.assertTidy();
    },
  },
  {
    name: 'comes back by the commands of RESTORE.md alone',
    needs: 'byHand',
    async run(subject, bench) {
      const backup = await bench.backUp(subject);
      const folder = await folderOf(bench, backup);
      const guide = (await bench.bytesOf(`${backup.path}RESTORE.md`)).toString();
      const commands = /^```sh\n(.*?)^```$/ms.exec(guide)?.[1] ?? 'false';
      const env = { PATH: '/usr/bin:/bin', HOME: '/nonexistent' };
      await run('/bin/sh', ['-c', commands], { cwd: folder, env });
      const at = join(folder, subject.byHand ?? '');
      const stored = await bench.stored(backup);
      const found = await compareAt(subject.source, stored, at, bench);
      assert.deepEqual(found.differences, []);
    },
  },
];
