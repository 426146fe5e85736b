import { describe, expect, it } from 'vitest';
import { Wakefulness } from '../../src/sqlite/wakefulness.ts';
import { Watch } from '../../src/sqlite/watch.ts';

/** Both sides of one memory. */
function pair(): { host: Watch; worker: Watch } {
  const host = new Watch();
  return { host, worker: new Watch(host.memory) };
}

describe('what host and worker see of each other', () => {
  it('gives a call to a worker that looks out for one, once', () => {
    const { host, worker } = pair();
    expect(host.give('too early')).toBe(false);
    worker.look();
    expect(host.workerLooksOut).toBe(true);
    expect(host.give('{"name":"Zürich – 東京 🗄"}')).toBe(true);
    expect(host.give('a second one')).toBe(false);
    expect(worker.lookOut(0, 0)).toBe('{"name":"Zürich – 東京 🗄"}');
    expect(host.give('too late')).toBe(false);
  });

  it('gives no call that is too long for the place', () => {
    const { host, worker } = pair();
    worker.look();
    expect(host.give('€'.repeat(6000))).toBe(false);
    expect(host.give('€'.repeat(5000))).toBe(true);
    expect(worker.lookOut(0, 0)).toBe('€'.repeat(5000));
  });

  it('looks away after its time, or when a message came', () => {
    const { host, worker } = pair();
    worker.look();
    expect(worker.lookOut(worker.asked, 0)).toBeUndefined();
    expect(host.workerLooksOut).toBe(false);
    const { asked } = worker;
    worker.look();
    host.tellAsked();
    expect(worker.lookOut(asked, 60_000)).toBeUndefined();
  });

  it('tells that a call was carried out, or that it takes a message', () => {
    const { host, worker } = pair();
    worker.look();
    host.give('first');
    worker.lookOut(0, 0);
    expect(host.done).toBe(false);
    expect(worker.tellDone()).toBe(true);
    expect(host.done).toBe(true);
    expect(host.giveUp()).toBe(false);
    worker.look();
    host.give('second');
    expect(host.done).toBe(false);
    expect(host.giveUp()).toBe(true);
    expect(worker.tellDone()).toBe(false);
    expect(host.done).toBe(false);
  });
});

describe('wakefulness', () => {
  it('keeps the event loop turning until there is an answer', async () => {
    const wakefulness = new Wakefulness(2, 60_000);
    let looks = 0;
    await new Promise<void>((resolve, reject) => {
      wakefulness.await(() => {
        looks++;
        if (looks === 3) resolve();
        return looks === 3;
      }, reject);
    });
    expect(wakefulness.forNext()).toBe(true);
  });

  it('gives up an answer that does not come, and sleeps for the next one', async () => {
    const wakefulness = new Wakefulness(2);
    await new Promise<void>((resolve) => wakefulness.await(() => false, resolve));
    expect(wakefulness.forNext()).toBe(false);
    expect(wakefulness.forNext()).toBe(true);
  });

  it('sleeps for twice as many after each answer that is late, up to a bound, and for fewer once they come', () => {
    const wakefulness = new Wakefulness(2);
    const skipped = (): number => {
      let count = 0;
      while (!wakefulness.forNext()) count++;
      return count;
    };
    const late = Array.from({ length: 9 }, () => {
      wakefulness.inVain();
      return skipped();
    });
    expect(late).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64]);
    for (let n = 0; n < 3; n++) wakefulness.inTime();
    wakefulness.inVain();
    expect(skipped()).toBe(8);
  });

  it('leaves a single processor to the thread that is waited for', () => {
    expect(new Wakefulness(1).forNext()).toBe(false);
  });
});
