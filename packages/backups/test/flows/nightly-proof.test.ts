import { describe, expect, it } from 'vitest';
import { type RestoreCheck } from '@holdfast/backups';
import { rowsOf } from '../support/databases.ts';
import { testNight } from '../support/night.ts';
import { testRooms } from '../support/rooms.ts';
import { served } from '../support/served-source.ts';

const rooms = testRooms();
/** What the restored copies held that were asked. */
const asked: number[] = [];
const check: RestoreCheck = ({ path }) => void asked.push(rowsOf(path, 'orders'));

const night = testNight(rooms, {}, { countOrders: check, 'source:served': served });
const stores = { primary: 'primary' };

describe('the proof of a night', () => {
  it('asks the check of its source', async () => {
    asked.length = 0;
    await night.run({ stores, checks: { orders: 'countOrders' } });
    expect(asked).toEqual([200]);
  });

  it('is made on the server that is given', async () => {
    const scratchServer = { kind: 'served', host: 'scratch.example', port: 1, user: 'backup' };
    const source = { ...night.orders(), kind: 'served' };
    const run = night.run({ stores, sources: [source], scratchServer });
    await expect(run).rejects.toMatchObject({
      context: { problems: [{ message: 'on scratch.example' }] },
    });
  });

  it('may be of a sample of its source, which it says', async () => {
    const sources = [night.orders(), night.site()];
    const { sources: reports } = await night.run({
      stores,
      sources,
      samples: { site: { share: 0.01 } },
    });
    expect(reports.map(({ verification }) => verification?.sample?.of)).toEqual([undefined, 2]);
    for (const samples of [{ other: { share: 0.5 } }, { orders: { share: 2 } }]) {
      const wrong = async () => night.run({ stores, sources, samples });
      await expect(wrong()).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
    }
  });
});
