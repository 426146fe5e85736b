import { describe, expect, it } from 'vitest';
import { listRecoveryPoints, setLocks } from '@holdfast/backups';
import { type Lies, losesRows } from '../support/liars.ts';
import { fill, testNight } from '../support/night.ts';
import { testRooms } from '../support/rooms.ts';

const rooms = testRooms();
const lies: Lies = { left: 0 };
const night = testNight(
  rooms,
  { limits: setLocks('orders', 'site', 'liar') },
  { 'source:liar': { ...losesRows(lies), kind: 'liar' } },
);

function both() {
  return { sources: [night.site(), night.orders()] };
}

describe('the recovery point of a night', () => {
  it('names the backups of all sources, in every store, databases first', async () => {
    const { sources, points } = await night.run({ ...both(), name: 'shop at night', lock: true });
    expect(points?.map(({ store }) => store)).toEqual(['primary', 'vault']);
    const [first, second] = points?.map(({ point }) => point) ?? [];
    expect(first).toMatchObject({
      name: 'shop-at-night',
      members: [
        { id: sources[1]?.backup?.id, set: 'orders', order: 1 },
        { id: sources[0]?.backup?.id, set: 'site', order: 2 },
      ],
      runId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(second).toEqual(first);
    expect((await listRecoveryPoints(night.primary)).points).toMatchObject([{ level: 'restored' }]);
    expect((await listRecoveryPoints(night.vault)).points).toMatchObject([{ level: 'checksum' }]);
  });

  it('is not made of one source, nor where one has no proven backup', async () => {
    expect((await night.run({})).points).toBeUndefined();
    const gone = { ...night.site(), path: '/nowhere/at-all' };
    const run = night.run({ sources: [night.orders(), gone] });
    await expect(run).rejects.toMatchObject({ code: 'BACKUP_NOT_PROVEN' });
    expect((await listRecoveryPoints(night.primary)).points).toEqual([]);
  });

  it('is not made in a store that lacks one of its backups', async () => {
    fill(night.vault);
    const { points } = await night.run(both());
    expect(points?.map(({ store }) => store)).toEqual(['primary']);
  });

  it('is not made where a database was dumped afresh after the files, which is told', async () => {
    lies.left = 1;
    const liar = { ...night.orders(), kind: 'liar', name: 'liar' };
    const told = { notify: 'people', sources: [liar, night.site()] };
    const { points, sources } = await night.run(told);
    expect(sources.map(({ standing }) => standing)).toEqual(['good', 'good']);
    expect(points).toMatchObject([
      { store: 'primary', problem: { code: 'RECOVERY_POINT_DISORDERED' } },
      { store: 'vault', problem: { code: 'RECOVERY_POINT_DISORDERED' } },
    ]);
    expect(night.notices.map(({ subject, kind }) => [subject, kind])).toEqual([
      ['nightly-backup: no recovery point in primary', 'degraded'],
    ]);
    await night.run(told);
    expect(night.notices.map(({ kind }) => kind)).toEqual(['degraded', 'recovered']);
  });

  it('keeps its backups from being pruned', async () => {
    const first = await night.run({ ...both(), retention: { hourly: 1 } });
    const second = await night.run({ ...both(), retention: { hourly: 1 } });
    // The first was there while the second was pruned: its point was kept, as the newest.
    const reasons = second.sources[1]?.pruned[0]?.report?.kept.map((one) => one.reasons.at(-1));
    const id = first.points?.[0]?.point?.id;
    expect(reasons).toContain(`needed by the recovery point ${id} of nightly-backup`);
    const { points } = await listRecoveryPoints(night.primary);
    expect(points.map(({ isWhole }) => isWhole)).toEqual([true, true]);
  });
});
