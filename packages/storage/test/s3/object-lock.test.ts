import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bodyOf, untouchable } from '../bodies.ts';
import { ScriptedS3 } from './scripted-s3.ts';

const LARGE = 7 * 1024 * 1024;
const retainUntil = Math.ceil(Date.now() / 1000 + 3600) * 1000;
const BODY = Buffer.from('locked');

describe('retainUntil', () => {
  it.each([
    ['governance', 'GOVERNANCE'],
    ['compliance', 'COMPLIANCE'],
  ] as const)('is kept by Object Lock in the mode %s', async (objectLock, mode) => {
    const { server, store } = await ScriptedS3.start();
    const locking = store({ objectLock });
    expect(locking.properties.retention).toBe(true);
    await locking.put('a', BODY, { retainUntil });
    await locking.put('large', bodyOf(LARGE), { retainUntil });
    const locked = server.seen.filter(({ headers }) => headers['x-amz-object-lock-mode'] === mode);
    expect(locked.map(({ kind }) => kind)).toEqual(['PUT', 'POST ?uploads']);
    for (const key of ['a', 'large']) {
      expect(await locking.retainedUntil!(key)).toBe(retainUntil);
    }
    await locking.put('b', BODY);
    expect(await locking.retainedUntil!('b')).toBeUndefined();
    await expect(locking.retainedUntil!('c')).rejects.toMatchObject({ problem: 'missing' });
  });

  it('is sent with a checksum of every body, which S3 wants then', async () => {
    const { server, store } = await ScriptedS3.start();
    const md5 = createHash('md5').update(BODY).digest('base64');
    await store({ objectLock: 'governance' }).put('a', BODY, { retainUntil });
    await store({ objectLock: 'governance' }).put('l', bodyOf(LARGE), { retainUntil });
    const bodies = server.seen.filter(({ kind }) => kind.startsWith('PUT'));
    expect(bodies.map(({ headers }) => headers['content-md5'] !== undefined)).toEqual([
      true,
      true,
      true,
    ]);
    expect(bodies[0]?.headers['content-md5']).toBe(md5);
    await store({ objectLock: 'governance', checksums: 'supported' }).put('b', BODY, {
      retainUntil,
    });
    expect(server.seen.findLast(({ kind }) => kind === 'PUT')?.headers).toMatchObject({
      'x-amz-checksum-crc32': expect.any(String),
    });
  });

  it.each([
    ['one request', 6],
    ['several parts', LARGE],
  ])('fails, in %s, where the service only looks as if it kept it', async (_, bytes) => {
    const { server, store } = await ScriptedS3.start();
    server.locks = false;
    const put = store({ objectLock: 'governance' }).put('a', bodyOf(bytes), { retainUntil });
    await expect(put).rejects.toMatchObject({
      problem: 'invalid',
      message: expect.stringContaining('does not keep it'),
    });
    expect(server.objects.size).toBe(0);
  });

  it('is refused before the body is read, without objectLock and when it is past', async () => {
    const { server, store } = await ScriptedS3.start();
    const invalid = { problem: 'invalid' };
    expect(store().properties.retention).toBe(false);
    expect(store().retainedUntil).toBeUndefined();
    await expect(store().put('a', untouchable, { retainUntil })).rejects.toMatchObject(invalid);
    const past = { retainUntil: Date.now() - 1 };
    const locking = store({ objectLock: 'compliance' });
    await expect(locking.put('a', untouchable, past)).rejects.toMatchObject(invalid);
    expect(server.seen).toEqual([]);
  });
});
