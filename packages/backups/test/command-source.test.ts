import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createEngine, flow, memoryObjectStore, memoryRunStore, secret } from '@holdfast/core';
import { type Child, isAlive, startChild } from '@holdfast/core/process';
import {
  commandKind,
  type CommandOptions,
  type CommandSpec,
  commandSource,
  createBackup,
  dumpCommand,
  listBackups,
  restoreFromStore,
  verifyBackup,
} from '@holdfast/backups';
import { linesKind } from './contract/subjects.ts';
import { bytesOf, keysOf, leftIn, testRooms } from './support/rooms.ts';

const rooms = testRooms();

function shell(script: string, more: Partial<CommandOptions> = {}) {
  return commandSource({ name: 'lines', argv: ['sh', '-c', script], ...more });
}

async function dump(source: ReturnType<typeof commandSource>) {
  const store = memoryObjectStore();
  const { scratchRoot } = rooms;
  const backup = await createBackup({
    source,
    store,
    storeName: 's',
    scratchRoot,
    sources: [linesKind],
  });
  return { store, backup, scratchRoot };
}

const nightly = flow(
  (source: CommandSpec, scratchRoot: string) =>
    dumpCommand({ source, store: 'primary', scratchRoot }),
  { name: 'nightly-lines' },
);

describe('what a program prints', () => {
  it('comes back to the byte', async () => {
    const { store, backup, scratchRoot } = await dump(shell('seq 1 200000', { suffix: 'txt' }));
    const record = await verifyBackup({ backup, store, scratchRoot });
    expect(record).toMatchObject({ reached: 'restored', outcome: 'passed' });
    const to = join(rooms.root, 'lines.txt');
    await restoreFromStore({ backup, store, to });
    expect((await readFile(to, 'utf8')).split('\n')).toHaveLength(200_001);
    const [entry] = (await listBackups(store)).backups;
    expect(entry?.manifest.artifacts[0]).toMatchObject({ name: 'lines.txt.zst' });
    expect(entry?.manifest.source.identity).toEqual({
      argv: ['sh', '-c', 'seq 1 200000'],
      variables: [],
    });
  });

  it('is stored as it is where it is compressed already', async () => {
    const { store, backup } = await dump(shell('seq 1 9', { compress: false }));
    expect((await bytesOf(store, `${backup.path}lines.dump`)).toString()).toMatch(/^1\n.*9\n$/s);
  });

  it('goes through the task, with secrets that are named and not stored', async () => {
    const store = memoryObjectStore();
    const engine = createEngine({
      store: memoryRunStore(),
      resources: { primary: store },
      secrets: { vault: () => Promise.resolve('xyzzy-4711') },
    });
    const source = shell('echo "${#TOKEN}"', { env: { TOKEN: secret('vault:token') } });
    const { scratchRoot } = rooms;
    const backup = await engine.run(nightly, [source, scratchRoot]);
    await engine.stop();
    const to = join(rooms.root, 'lines');
    await restoreFromStore({ backup, store, to });
    expect(await readFile(to, 'utf8')).toBe('10\n');
    const manifest = (await bytesOf(store, `${backup.path}manifest.json`)).toString();
    expect(manifest).toContain('"variables"');
    expect(manifest).not.toContain('xyzzy');
  });

  it('runs in the directory that is named', async () => {
    const { store, backup } = await dump(shell('pwd', { cwd: '/usr/bin', compress: false }));
    expect((await bytesOf(store, `${backup.path}lines.dump`)).toString()).toBe('/usr/bin\n');
  });

  it('takes another exit code for success where it is allowed, and warns of it', async () => {
    const script = 'seq 1 9; echo "one record skipped" >&2; exit 3';
    await expect(dump(shell(script))).rejects.toMatchObject({ code: 'TOOL_FAILED' });
    const { backup } = await dump(shell(script, { successCodes: [0, 3] }));
    expect(backup.warnings).toEqual(['sh ended with 3: one record skipped.']);
  });
});

/** Programs whose output must not be published, with what is asked of it. */
const LIARS: readonly (readonly [string, string, Partial<CommandOptions>, string])[] = [
  ['ends with 1 after a full output', 'seq 1 9; exit 1', {}, 'TOOL_FAILED'],
  ['is killed in the middle', 'seq 1 99999; kill -9 $$', {}, 'TOOL_FAILED'],
  ['ends with 0 and prints nothing', 'true', {}, 'DUMP_INCOMPLETE'],
  ['ends with 0 and prints too little', 'seq 1 9', { minBytes: 19 }, 'DUMP_INCOMPLETE'],
  ['ends with 0 and lacks the text', 'seq 1 9', { footer: '-- end' }, 'DUMP_INCOMPLETE'],
  [
    'has the text before its end',
    'echo "-- end"; seq 1 9',
    { footer: '-- end' },
    'DUMP_INCOMPLETE',
  ],
  ['lacks the bytes', 'seq 1 9', { footer: new Uint8Array([57]) }, 'DUMP_INCOMPLETE'],
  ['does not match', 'seq 1 9', { footer: /^done$/m }, 'DUMP_INCOMPLETE'],
  ['is not there', 'true', { argv: ['no-such-program'] }, 'TOOL_MISSING'],
];

describe('a program that', () => {
  it.each(LIARS)('%s makes no backup', async (_name, script, more, code) => {
    const store = memoryObjectStore();
    const source = shell(script, more);
    const { scratchRoot } = rooms;
    const made = createBackup({ source, store, storeName: 's', scratchRoot });
    await expect(made).rejects.toMatchObject({ code });
    expect(await keysOf(store)).toEqual([]);
    expect(await leftIn(scratchRoot)).toEqual([]);
  });

  it.each([
    ['text', '-- end'],
    ['bytes', Buffer.from('-- end\n')],
    ['a regular expression', /^-- END \d+|end\s*$/m],
  ])('ends as it should (%s) is believed', async (_name, footer) => {
    await dump(shell('seq 1 20000; echo "-- end"', { footer, minBytes: 100 }));
  });

  it('prints for ever is ended, with what it has started, when the work is given up', async () => {
    const abort = new AbortController();
    const reason = new Error('window closed');
    const children: Child[] = [];
    const made = createBackup({
      source: shell('yes & yes'),
      store: memoryObjectStore(),
      storeName: 's',
      scratchRoot: rooms.scratchRoot,
      signal: abort.signal,
      startChild: async (command, options) => {
        const child = await startChild(command, options);
        children.push(child);
        // The program that compresses comes before it.
        if (command === 'sh') abort.abort(reason);
        return child;
      },
    });
    await expect(made).rejects.toBe(reason);
    expect(abort.signal.aborted).toBe(true);
    expect(new Set(children.map(({ identity }) => isAlive(identity)))).toEqual(new Set(['dead']));
  });

  it('would be told a secret in its arguments is not started', async () => {
    vi.stubEnv('XYZZY', 'the-value');
    const source = shell('true', {
      argv: ['echo', '--password=the-value'],
      env: { PASSWORD: secret('env:XYZZY') },
    });
    const made = dump(source);
    await expect(made).rejects.toMatchObject({ code: 'SECRET_IN_VALUE' });
    await expect(made).rejects.not.toThrow(/the-value/);
  });
});

const COUNTED = { kind: 'lines', baseline: { argv: ['echo', '{"lines": 9}'] } };

describe('a kind of one’s own', () => {
  it('is proven by counts, not by its bytes', async () => {
    const { store, backup, scratchRoot } = await dump(shell('seq 1 9', COUNTED));
    const sources = [linesKind];
    const record = await verifyBackup({ backup, store, scratchRoot, sources });
    expect(record.compared).toMatchObject({ tables: 1, rows: 9 });
  });

  it('finds a program that left something out and ended with 0', async () => {
    const { store, backup, scratchRoot } = await dump(shell('seq 1 8', COUNTED));
    const verified = verifyBackup({ backup, store, scratchRoot, sources: [linesKind] });
    await expect(verified).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
      context: { differences: [{ what: 'lines', expected: '9', found: '8' }] },
    });
  });

  it('takes anything between the counts before and after', async () => {
    const counter = join(rooms.root, 'counter');
    const script = 'printf x >> "$0"; printf \'{"lines": %d}\' "$(( $(wc -c < "$0") + 7 ))"';
    const baseline = { argv: ['sh', '-c', script, counter] };
    const { store, backup, scratchRoot } = await dump(
      shell('seq 1 9', { kind: 'lines', baseline }),
    );
    await verifyBackup({ backup, store, scratchRoot, sources: [linesKind] });
    const { fingerprint } = (await listBackups(store)).backups[0]!.manifest;
    expect(fingerprint).toMatchObject({ counts: [{ what: 'lines', least: 8, most: 9 }] });
  });

  it('needs counts of its source, and counts that are counts', async () => {
    await expect(dump(shell('seq 1 9', { kind: 'lines' }))).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
    });
    for (const printed of ['nine', '[9]', '{"lines": "9"}', '{"lines": -1}', '']) {
      const source = shell('seq 1 9', { kind: 'lines', baseline: { argv: ['echo', printed] } });
      await expect(dump(source)).rejects.toMatchObject({ code: 'COUNTS_INVALID' });
    }
  });

  it('adds its own commands to RESTORE.md', async () => {
    const kind = commandKind({
      kind: 'lines',
      restore: (to) => ({ argv: ['sort', '-r', '-o', to] }),
      count: () => ({ argv: ['echo', '{"lines": 9}'] }),
      guide: (restored) => [`sort -r -o restored/sorted ${restored}`],
    });
    const store = memoryObjectStore();
    const { scratchRoot } = rooms;
    const source = shell('seq 1 9', COUNTED);
    const work = { store, storeName: 's', scratchRoot, sources: [kind] };
    const backup = await createBackup({ source, ...work });
    const guide = (await bytesOf(store, `${backup.path}RESTORE.md`)).toString();
    expect(guide).toContain('sort -r -o restored/sorted restored/lines.dump');
  });

  it('fails where its program does not take the dump', async () => {
    const { store, backup, scratchRoot } = await dump(shell('seq 1 99999', COUNTED));
    const refusing = commandKind({
      kind: 'lines',
      restore: (to) => ({ argv: ['sh', '-c', 'head -c 9 > "$0"; exit 4', to] }),
      count: () => ({ argv: ['echo', '{"lines": 9}'] }),
    });
    const verified = verifyBackup({ backup, store, scratchRoot, sources: [refusing] });
    await expect(verified).rejects.toMatchObject({ code: 'TOOL_FAILED' });
  });
});

/** What `commandSource` refuses. */
const REFUSED: readonly Partial<CommandOptions>[] = [
  { argv: [] },
  { argv: [''] },
  { argv: ['echo', 'a\0b'] },
  { env: { 'A-B': 'x' } },
  { env: { A: 1 as never } },
  { cwd: 'relative' },
  { successCodes: [] },
  { successCodes: [256] },
  { footer: '' },
  { footer: '  \n' },
  { footer: /x*/ },
  { footer: /end/g },
  { footer: new Uint8Array(5000) },
  { minBytes: -1 },
  { minBytes: 1.5 },
  { suffix: '../x' },
  { suffix: '' },
  { baseline: { argv: ['true'] } },
  { kind: 'lines', baseline: { argv: [] } },
];

describe('commandSource', () => {
  it.each(REFUSED)('refuses what makes no sense (%#)', (more) => {
    expect(() => shell('true', more)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
  });

  it('refuses names that are none, and kinds', () => {
    expect(() => shell('true', { name: '../x' })).toThrow(
      expect.objectContaining({ code: 'BACKUP_NAME_INVALID' }),
    );
    const call = () => ({ argv: ['true'] });
    for (const kind of ['command', '', 'A', 'a b']) {
      expect(() => commandKind({ kind, restore: call, count: call })).toThrow(
        expect.objectContaining({ code: 'OPTIONS_INVALID' }),
      );
    }
  });
});
