import { describe, expect, it } from 'vitest';
import { secret } from '@holdfast/core';
import { keptLines } from './log-support.ts';
import { expectNoUnhandledRejections } from './support.ts';

expectNoUnhandledRejections();

describe('whatever is logged', () => {
  it('is kept as it can be', async () => {
    const around: { name: string; self?: unknown } = { name: 'around' };
    around.self = around;
    const deep = Array.from({ length: 12 }).reduce<unknown>((inner) => ({ inner }), 'bottom');
    const facts = {
      around,
      deep,
      big: 12n ** 20n,
      at: new Date(0),
      never: new Date(Number.NaN),
      map: new Map([['a', 1]]),
      set: new Set([1]),
      bytes: new Uint8Array(5),
      url: new URL('https://example.org/x'),
      reference: secret('env:TOKEN'),
      call: () => undefined,
      symbol: Symbol('s'),
      nan: Number.NaN,
      missing: undefined,
      half: 'a\ud800b\u0000c',
      many: Array.from({ length: 1000 }, (_, n) => n),
      ['__proto__']: 'own',
      toJSON: 'no function',
      get broken() {
        throw new Error('getter');
      },
    };
    const [line] = await keptLines((logger) => logger.info(facts, 'all at once'));
    expect(line!.fields).toMatchObject({
      around: { name: 'around', self: '[circular]' },
      big: '3833759992447475122176',
      at: '1970-01-01T00:00:00.000Z',
      never: 'Invalid Date',
      map: [['a', 1]],
      set: [1],
      bytes: '[5 bytes]',
      url: 'https://example.org/x',
      call: '[function]',
      symbol: '[symbol]',
      nan: 'NaN',
      broken: '[unreadable]',
      half: 'a\ufffdbc',
      toJSON: 'no function',
    });
    expect(JSON.stringify(line!.fields)).toContain('[too deep]');
    expect((line!.fields!['many'] as unknown[]).slice(99)).toEqual([99, '… 900 more']);
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    expect((await keptLines((logger) => logger.info(hostile)))[0]!.fields).toEqual({
      value: '[unreadable]',
    });
    expect(Object.hasOwn(line!.fields!, '__proto__')).toBe(true);
    expect(line!.fields).not.toHaveProperty('missing');
    expect(JSON.stringify(line!.fields!['reference'])).toContain('env:TOKEN');
  });

  it('may be an error, alone or among facts', async () => {
    const cause = new Error('no route');
    const error = Object.assign(new Error('no answer', { cause }), { code: 'E_NET' });
    const lines = await keptLines((logger) => {
      logger.error(error);
      logger.error({ err: error, host: 'db' }, 'gave up');
    });
    expect(lines.map(({ message }) => message)).toEqual(['no answer', 'gave up']);
    for (const { fields } of lines) {
      expect(fields!['err']).toMatchObject({ code: 'E_NET', cause: { message: 'no route' } });
    }
    expect(lines[1]!.fields!['host']).toBe('db');
  });

  it('may be nothing that the types allow', async () => {
    const lines = await keptLines((logger) => {
      for (const odd of [undefined, null, 5, 5n, Symbol('x'), ['a', 'b'], () => 1]) {
        logger.info(odd as never);
      }
      logger.info({ a: 1 }, { b: 2 } as never);
    });
    expect(lines).toHaveLength(8);
    expect(lines[5]).toMatchObject({ fields: { value: ['a', 'b'] } });
    expect(lines[7]).toMatchObject({ fields: { a: 1 }, message: '{"b":2}' });
  });

  it('is cut where a line is too long', async () => {
    const lines = await keptLines(
      (logger) => {
        logger.info({ text: 'ö'.repeat(5000), after: 1 }, 'long');
        logger.info('m'.repeat(5000));
      },
      { logs: { maxLine: 1000 } },
    );
    const [first, second] = lines;
    expect(Buffer.byteLength(JSON.stringify(first))).toBeLessThan(1300);
    expect(first!.fields!['text']).toMatch(/^ö+…$/);
    expect(first!.fields).toMatchObject({ '…': '1 more' });
    expect(second!.message).toHaveLength(1001);
  });
});
