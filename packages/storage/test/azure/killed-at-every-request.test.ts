import type { ObjectStore } from '@holdfast/core';
import { describe, expect, it, vi } from 'vitest';
import { bodyOf } from '../bodies.ts';
import { all } from '../streams.ts';
import { MIB, scriptedContainer, useAzurite } from './azurite.ts';

vi.setConfig({ testTimeout: 60_000 });
useAzurite();

const OLD = 3.5 * MIB;
const NEW = 2.5 * MIB;

/** How it ends: with a request that does not arrive, or with one that is done and whose answer nobody hears. */
describe.each(['cut', 'lost-answer'] as const)(
  'a process that is killed at any of its requests (%s)',
  (way) => {
    it.each([
      ['a put in blocks', true, (store: ObjectStore) => store.put('a', bodyOf(NEW))],
      [
        'a put if absent',
        false,
        (store: ObjectStore) => store.put('a', bodyOf(NEW), { ifAbsent: true }),
      ],
      ['a delete', true, (store: ObjectStore) => store.delete('a')],
    ])('%s leaves what was or what shall be, and nothing else', async (what, old, work) => {
      const { container, proxy, store } = await scriptedContainer();
      const after = container.store();
      const shall = what === 'a delete' ? undefined : NEW;
      let made = Infinity;
      for (let nth = 1; made >= nth; nth++) {
        await after.delete('a');
        if (old) await after.put('a', bodyOf(OLD));
        made = 0;
        proxy.script = () => {
          made++;
          if (made < nth) return undefined;
          return made === nth ? way : 'cut';
        };
        const isAcknowledged = await work(store({ attempts: 1, concurrency: 1 })).then(
          () => true,
          () => false,
        );
        const bytes = (await after.head('a'))?.bytes;
        expect([old ? OLD : undefined, shall], `request ${nth}`).toContain(bytes);
        if (isAcknowledged) expect(bytes, `request ${nth}`).toBe(shall);
        expect(await all(after.list(''))).toHaveLength(bytes === undefined ? 0 : 1);
        await after.put('a', bodyOf(10));
        expect(nth).toBeLessThan(40);
      }
      expect(made).toBeGreaterThan(0);
    });
  },
);
