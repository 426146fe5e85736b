import { describe, expect, it } from 'vitest';
import { archiveOldBackups, type ArchiveOldOptions, listBackups } from '@holdfast/backups';
import { forge } from '../support/forged.ts';
import { fill, testNight } from '../support/night.ts';
import { testRooms } from '../support/rooms.ts';

const rooms = testRooms();
const night = testNight(rooms);
const DAY = 86_400_000;

function archive(options: Partial<ArchiveOldOptions> = {}) {
  const common = { sets: ['orders'], from: 'primary', to: ['vault'] };
  return night.engine.run(archiveOldBackups({ ...common, ...options }), []);
}

async function made(...daysAgo: number[]) {
  for (const days of daysAgo) await forge(night.primary, Date.now() - days * DAY);
}

async function ages(store = night.vault) {
  const { backups } = await listBackups(store);
  return backups.map(({ manifest }) =>
    Math.round((Date.now() - Date.parse(manifest.startedAt)) / DAY),
  );
}

describe('the archiving of old backups', () => {
  it('copies those that are old enough, oldest first, and none twice', async () => {
    await made(1, 6, 8, 20);
    const [first] = await archive();
    expect(first?.archived).toHaveLength(2);
    expect(await ages()).toEqual([8, 20]);
    expect((await archive())[0]?.archived).toEqual([]);
    await archive({ olderThan: '5d' });
    expect(await ages()).toEqual([6, 8, 20]);
  });

  it('copies to every store that lacks one', async () => {
    await made(8, 9);
    await archive();
    const [second] = await archive({ to: ['vault', { store: 'cellar', retainFor: '365d' }] });
    expect(second?.archived).toHaveLength(2);
    expect(await ages(night.cellar)).toEqual([8, 9]);
  });

  it('leaves alone what is damaged', async () => {
    await made(8, 9);
    const [, oldest] = (await listBackups(night.primary)).backups;
    await night.primary.delete(`${oldest?.path}a.sqlite`);
    const [report] = await archive();
    expect(report?.archived).toHaveLength(1);
    expect(await ages()).toEqual([8]);
  });

  it('then lets the first store forget what the policy does not keep', async () => {
    await made(1, 2, 8, 9, 10);
    const [report] = await archive({ retention: { daily: 2 } });
    expect(report?.pruned?.removed).toHaveLength(3);
    expect(await ages(night.primary)).toEqual([1, 2]);
    expect(await ages()).toEqual([8, 9, 10]);
  });

  it('removes nothing while a copy is missing, and tells people', async () => {
    await made(1, 8, 9);
    fill(night.vault);
    const [report] = await archive({ retention: { daily: 1 }, notify: 'people' });
    expect(report).toMatchObject({ archived: [], problems: [{ code: 'COPIES_TOO_FEW' }, {}] });
    expect(report?.pruned).toBeUndefined();
    expect(await ages(night.primary)).toEqual([1, 8, 9]);
    expect(night.notices).toMatchObject([{ kind: 'degraded', topic: 'archive', set: 'orders' }]);
    await archive({ to: ['cellar'], retention: { daily: 1 }, notify: 'people' });
    expect(night.notices.map(({ kind }) => kind)).toEqual(['degraded', 'recovered']);
    expect(await ages(night.primary)).toEqual([1]);
  });

  it('has a name, and takes limits and locks that its engine must have', async () => {
    await made(8);
    await archive({ name: 'to-the-vault' });
    const [root] = await night.engine.runs({ topLevel: true });
    expect(root?.name).toBe('to-the-vault');
    for (const limited of [{ limits: ['unknown'] }, { lock: true }]) {
      const [report] = await archive({ ...limited, to: ['cellar'] });
      // Its copies are refused, and nothing is done without the limit.
      expect(report).toMatchObject({ archived: [], problems: [{ code: 'OPTIONS_INVALID' }] });
    }
  });

  it('is not made of what cannot be', () => {
    const wrong: [Partial<ArchiveOldOptions>, string][] = [
      [{ sets: [] }, 'OPTIONS_INVALID'],
      [{ to: [] }, 'OPTIONS_INVALID'],
      [{ to: ['primary'] }, 'OPTIONS_INVALID'],
      [{ olderThan: 'long' }, 'DURATION_INVALID'],
      [{ retention: {} }, 'RETENTION_EMPTY'],
    ];
    for (const [options, code] of wrong) {
      expect(() => archive(options)).toThrow(expect.objectContaining({ code }));
    }
  });
});
