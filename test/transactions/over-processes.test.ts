import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../run-program.ts';

const program = fileURLToPath(new URL('programs/publish.ts', import.meta.url));
const FILES = ['one', 'two', 'three'];

/** Processes of a flow, one after the other, in a directory of their own. */
function life(how: 'well' | 'badly') {
  const cwd = mkdtempSync(join(tmpdir(), 'holdfast-transactions-'));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  return {
    next: (...args: string[]) => runProgram(program, [how, ...args], cwd),
    diary: (...verbs: string[]) =>
      readFileSync(join(cwd, 'diary'), 'utf8')
        .split('\n')
        .filter((line) => verbs.includes(line.split(' ')[0] ?? '')),
    files: () => FILES.filter((name) => existsSync(join(cwd, name))),
  };
}

describe('a transaction whose process is killed', () => {
  it.each(['put three', 'commit two', 'commit three'])(
    'at "%s" goes on in another one, and commits',
    async (line) => {
      const one = life('well');
      expect(await one.next('start', line)).toMatchObject({ signal: 'SIGKILL', stderr: '' });
      const recovered = await one.next('recover');
      expect(recovered).toMatchObject({ code: 0, stdout: 'published\n', stderr: '' });
      expect(one.files()).toEqual(FILES);
      expect(one.diary('undo')).toEqual([]);
      const commits = one.diary('commit').filter((each, at, all) => each !== all[at - 1]);
      expect(commits).toEqual(['commit two', 'commit one', 'commit three']);
      expect(await one.next('recover')).toMatchObject({ stdout: '' });
    },
    30_000,
  );

  it.each(['refuse', 'undo three', 'undo one', 'undo two'])(
    'at "%s" is rolled back by others, though each dies at the next step',
    async (line) => {
      const one = life('badly');
      expect(await one.next('start', line)).toMatchObject({ signal: 'SIGKILL', stderr: '' });
      expect(await one.next('recover', 'undo two')).toMatchObject({ signal: 'SIGKILL' });
      const recovered = await one.next('recover');
      expect(recovered).toMatchObject({ code: 0, stdout: 'E_REFUSED\n', stderr: '' });
      expect(one.files()).toEqual([]);
      expect(one.diary('commit')).toEqual([]);
      const undone = one.diary('undo').filter((each, at, all) => each !== all[at - 1]);
      expect(undone).toEqual(['undo three', 'undo one', 'undo two']);
    },
    30_000,
  );

  it('and that may not go on, is rolled back without its code', async () => {
    const one = life('well');
    expect(await one.next('start', 'put three')).toMatchObject({ signal: 'SIGKILL' });
    expect(await one.next('limited', 'undo one')).toMatchObject({ signal: 'SIGKILL' });
    const ended = await one.next('limited');
    expect(ended).toMatchObject({ code: 0, stdout: 'ended: RECOVERIES_EXHAUSTED\n', stderr: '' });
    // What was under way when the process died has given nothing that could be undone.
    expect(one.files()).toEqual([]);
    expect(one.diary('undo', 'put')).toEqual([
      'put one',
      'put two',
      'put three',
      'undo one',
      'undo one',
      'undo two',
    ]);
  }, 30_000);
});
