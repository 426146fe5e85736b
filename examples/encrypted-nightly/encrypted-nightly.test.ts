import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listBackups } from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../../test/run-program.ts';
import { isProvided } from '../../test/servers/provided.ts';

const program = fileURLToPath(new URL('src/main.ts', import.meta.url));
const hasAge = isProvided(spawnSync('age', ['--version']).status === 0, 'the program age');

it.skipIf(!hasAge)('encrypts for two, and changes a key', { timeout: 60_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'encrypted-nightly-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const { code, stdout, stderr } = await runProgram(program, [directory], directory);
  expect(stderr).not.toMatch(/Error|[A-Z]+_[A-Z]+:/);
  expect(stdout).toMatch(/^notes: restored\n\S+ is \S+ for the new key: restored\n$/);
  expect(code).toBe(0);
  const [, oldId = '', newId = ''] = /^(\S+) is (\S+) for/m.exec(stdout) ?? [];
  const { backups, problems } = await listBackups(localObjectStore(join(directory, 'primary')));
  expect(problems).toEqual([]);
  const keyOf = async (name: string) =>
    /public key: (\S+)/.exec(await readFile(join(directory, `${name}.key`), 'utf8'))?.[1];
  const provenFor = new Map(
    backups.map(({ manifest, proof }) => [manifest.id, proof.decryption?.provenFor]),
  );
  expect(provenFor.get(oldId)).toEqual([await keyOf('main')]);
  expect(provenFor.get(newId)).toEqual([await keyOf('next')]);
  const renewed = backups.find(({ manifest }) => manifest.id === newId)?.manifest;
  expect(renewed?.reencryptedFrom?.id).toBe(oldId);
});
