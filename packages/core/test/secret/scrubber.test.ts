import { describe, expect, test } from 'vitest';
import { createScrubber } from '../../src/secret/scrubber.ts';
import type { Scrubber } from '../../src/secret/scrubber.ts';

const VALUE = `pä"ss/w+ör'd\\ ?&`;

function scrubberOf(...values: string[]): Scrubber {
  const scrubber = createScrubber();
  for (const value of values) scrubber.add(value);
  return scrubber;
}

describe('a scrubber', () => {
  test('replaces a value wherever it stands', () => {
    const { scrub } = scrubberOf('hunter2');
    expect(scrub('hunter2')).toBe('[secret]');
    expect(scrub('a hunter2, a hunter2hunter2')).toBe('a [secret], a [secret][secret]');
    expect(scrub('nothing here')).toBe('nothing here');
    expect(createScrubber().scrub('anything')).toBe('anything');
  });

  test.each<[string, string]>([
    ['plain', VALUE],
    ['encodeURIComponent', encodeURIComponent(VALUE)],
    [
      'lower-case percent',
      encodeURIComponent(VALUE).replaceAll(/%../g, (hex) => hex.toLowerCase()),
    ],
    ['encodeURI', encodeURI(VALUE)],
    ['form', new URLSearchParams({ p: VALUE }).toString().slice(2)],
    ['userinfo of a URL', Object.assign(new URL('http://h'), { password: VALUE }).password],
    ['base64', Buffer.from(VALUE).toString('base64')],
    ['base64 without padding', Buffer.from(VALUE).toString('base64').replace(/=+$/, '')],
    ['base64url', Buffer.from(VALUE).toString('base64url')],
    ['hex', Buffer.from(VALUE).toString('hex')],
    ['HEX', Buffer.from(VALUE).toString('hex').toUpperCase()],
    ['JSON', JSON.stringify(VALUE).slice(1, -1)],
    ['JSON within JSON', JSON.stringify(JSON.stringify(VALUE)).slice(3, -3)],
    [
      'ASCII JSON',
      JSON.stringify(VALUE).slice(1, -1).replace('ä', '\\u00e4').replace('ö', '\\u00f6'),
    ],
    ['JSON with escaped slashes', JSON.stringify(VALUE).slice(1, -1).replaceAll('/', '\\/')],
    ['a traced shell', VALUE.replaceAll("'", `'\\''`)],
    ['SQL', VALUE.replaceAll("'", "''")],
  ])('finds it as %s', (_, form) => {
    const scrubber = scrubberOf(VALUE);
    expect(scrubber.scrub(`<${form}>`)).toBe('<[secret]>');
    expect(scrubber.finds(`<${form}>`)).toBe(true);
  });

  const around = [0, 1, 2].flatMap((before) => [0, 1, 2].map((after) => ({ before, after })));

  test.each(around)(
    'finds it inside of base64, $before bytes behind and $after before a border',
    ({ before, after }) => {
      for (const value of ['hunter2', 'four', '12345', '123456', VALUE]) {
        const text = Buffer.from(`${'x'.repeat(before + 3)}${value}${'y'.repeat(after + 3)}`);
        for (const encoding of ['base64', 'base64url'] as const) {
          const scrubbed = scrubberOf(value).scrub(text.toString(encoding));
          expect(scrubbed).toContain('[secret]');
          // At most a character on each side is left, which shares its bits with the neighbour.
          const left = scrubbed.replace('[secret]', '').replaceAll('=', '').length;
          expect(left).toBeLessThanOrEqual(Math.ceil(((before + after + 6) * 8) / 6) + 2);
        }
      }
    },
  );

  test('finds the password in a Basic authorization header', () => {
    const header = `Authorization: Basic ${Buffer.from('backup:hunter2').toString('base64')}`;
    const scrubbed = scrubberOf('hunter2').scrub(header);
    expect(Buffer.from(scrubbed.split(' ').at(-1) ?? '', 'base64').toString()).not.toContain(
      'unter',
    );
  });

  test('replaces values that overlap, whole', () => {
    expect(scrubberOf('abcdef', 'defghi').scrub('-abcdefghi-')).toBe('-[secret]-');
    expect(scrubberOf('pass', 'password').scrub('password')).toBe('[secret]');
    expect(scrubberOf('aaaa').scrub('aaaaaa')).toBe('[secret]');
  });

  test('knows the lines of a key', () => {
    const line = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj';
    const key = `-----BEGIN PRIVATE KEY-----\n${line}\nshort\n-----END PRIVATE KEY-----`;
    const { scrub } = scrubberOf(key);
    expect(scrub(`read: ${line}`)).toBe('read: [secret]');
    expect(scrub('-----BEGIN PRIVATE KEY-----')).toBe('-----BEGIN PRIVATE KEY-----');
    expect(scrub('a short text')).toBe('a short text');
    expect(scrub(key)).toBe('[secret]');
  });

  test('knows a value without the white space around it', () => {
    expect(scrubberOf('hunter2\n').scrub('is hunter2.')).toBe('is [secret].');
  });

  test.each(['', 'a', 'abc', ' abc '])('does not take %j: it would spoil every text', (value) => {
    const scrubber = createScrubber();
    expect(scrubber.add(value)).toBe(false);
    expect(scrubber.scrub('abc is a text')).toBe('abc is a text');
  });

  test('takes four characters, and the same value again', () => {
    const scrubber = createScrubber();
    expect(scrubber.add('abcd')).toBe(true);
    expect(scrubber.add('abcd')).toBe(true);
    expect(scrubber.scrub('-abcd-')).toBe('-[secret]-');
  });

  test('remembers the 1,000 values that were registered last', () => {
    const scrubber = createScrubber();
    scrubber.add('value-first');
    for (let i = 0; i < 998; i += 1) scrubber.add(`value-${i}-x`);
    scrubber.add('value-first');
    scrubber.add('value-second-last');
    scrubber.add('value-last');
    expect(scrubber.finds('value-first')).toBe(true);
    expect(scrubber.finds('value-last')).toBe(true);
    expect(scrubber.finds('value-0-x')).toBe(false);
  });
});
