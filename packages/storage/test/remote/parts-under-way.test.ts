import { describe, expect, it } from 'vitest';
import { PartsUnderWay } from '../../src/remote/parts-under-way.ts';
import { linkedAbort } from '../../src/waiting/linked-abort.ts';

/** Parts whose sending ends when the test says so. */
function sender(concurrency: number, bytesUnderWay: number) {
  const link = linkedAbort(undefined);
  const parts = new PartsUnderWay(link, { concurrency, bytesUnderWay });
  const gates: PromiseWithResolvers<void>[] = [];
  const start = (bytes: number): Promise<void> =>
    parts.start(bytes, () => {
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      return gate.promise;
    });
  return { link, parts, gates, start };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('parts under way', () => {
  it('are no more than are allowed at once', async () => {
    const { gates, start, parts } = sender(2, 1000);
    const starting = Promise.all([start(1), start(1), start(1)]);
    await turn();
    expect(gates).toHaveLength(2);
    gates[1]!.resolve();
    await starting;
    expect(gates).toHaveLength(3);
    for (const gate of gates) gate.resolve();
    await parts.settle();
  });

  it('have no more bytes than are allowed, but for one that is larger alone', async () => {
    const { gates, start } = sender(4, 100);
    await start(60);
    const second = start(50);
    await turn();
    expect(gates).toHaveLength(1);
    gates[0]!.resolve();
    await second;
    const large = start(500);
    await turn();
    expect(gates).toHaveLength(2);
    gates[1]!.resolve();
    await large;
    expect(gates).toHaveLength(3);
  });

  it('end with the first that fails: what waits for room, and what waits for all', async () => {
    const { gates, start, parts, link } = sender(1, 100);
    await start(1);
    const waiting = start(1);
    const failure = new Error('the service is down');
    gates[0]!.reject(failure);
    await expect(waiting).rejects.toBe(failure);
    await expect(parts.settle()).rejects.toBe(failure);
    await expect(start(1)).rejects.toBe(failure);
    expect(link.signal.reason).toBe(failure);
    await parts.ended();
  });
});
