import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationMs, type Duration } from '../../src/model/duration.ts';

describe('durationMs', () => {
  it.each<[Duration, number]>([
    [0, 0],
    [1.5, 1.5],
    ['0ms', 0],
    ['250ms', 250],
    ['90s', 90_000],
    ['5m', 300_000],
    ['5m30ms', 300_030],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['1d2h3m4s5ms', 93_784_005],
  ])('%s is %d ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each([
    '',
    ' ',
    '5',
    '-5s',
    '5 s',
    's',
    '1m1h',
    '1s1s',
    '1e3s',
    '∞',
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    {},
    undefined,
    true,
  ])('refuses %s', (value) => {
    expect(() => durationMs(value as Duration, "The option 'timeout'")).toThrow(
      expect.objectContaining({
        code: 'DURATION_INVALID',
        message: expect.stringContaining("The option 'timeout'"),
        hint: expect.any(String),
      }),
    );
  });

  it('adds the units of any text', () => {
    const part = fc.nat({ max: 999 });
    fc.assert(
      fc.property(part, part, part, part, part, (d, h, m, s, ms) => {
        const total = (((d * 24 + h) * 60 + m) * 60 + s) * 1000 + ms;
        expect(durationMs(`${d}d${h}h${m}m${s}s${ms}ms`)).toBe(total);
      }),
    );
  });
});
