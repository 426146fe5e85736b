import { describe, expect, it } from 'vitest';
import { bodyOf, untouchable } from '../bodies.ts';
import { ScriptedS3 } from './scripted-s3.ts';
import type { Twist } from './scripted-s3.ts';

const ABSENT = { ifAbsent: true } as const;
const LARGE = 7 * 1024 * 1024;
const SIZES = [
  ['one request', 10, 'PUT'],
  ['several parts', LARGE, 'POST ?uploadId'],
] as const;

/** Twists the first requests of a kind. */
function twist(server: ScriptedS3, kind: string, what: Twist, times = 1): void {
  let left = times;
  server.script = (request) => (request.kind === kind && left-- > 0 ? what : undefined);
}

const keep = { body: Buffer.from('theirs'), meta: {}, lock: undefined };

describe.each(SIZES)('ifAbsent by a condition, in %s', (_, bytes, publishing) => {
  it('is asked of the service by the request that publishes, and only then', async () => {
    const { server, store } = await ScriptedS3.start();
    await store().put('a', bodyOf(bytes), ABSENT);
    await store().put('b', bodyOf(bytes));
    const conditions = server.seen
      .filter(({ headers }) => headers['if-none-match'] !== undefined)
      .map(({ kind, key }) => `${kind} ${key}`);
    expect(conditions).toEqual([`${publishing} a`]);
    expect(server.uploads.size).toBe(0);
  });

  it('says that the key is taken before it reads the body', async () => {
    const { server, store } = await ScriptedS3.start();
    server.objects.set('a', keep);
    await expect(store().put('a', untouchable, ABSENT)).rejects.toMatchObject({
      problem: 'exists',
    });
    expect(server.kinds('a')).toEqual(['HEAD']);
  });

  it('says that the key is taken when another comes first, and leaves no upload', async () => {
    const { server, store } = await ScriptedS3.start();
    const body = bodyOf(bytes, (given) => given === 0 || server.objects.set('a', keep));
    await expect(store().put('a', body, ABSENT)).rejects.toMatchObject({ problem: 'exists' });
    server.script = (request) => {
      if (request.kind === publishing) server.objects.set(request.key, keep);
      return undefined;
    };
    await expect(store().put('b', bodyOf(bytes), ABSENT)).rejects.toMatchObject({
      problem: 'exists',
    });
    expect([...server.objects.values()].map(({ body: kept }) => kept.toString())).toEqual([
      'theirs',
      'theirs',
    ]);
    expect(server.uploads.size).toBe(0);
  });

  it('has written when the answer to the writing request was lost, also when it is repeated', async () => {
    const { server, store } = await ScriptedS3.start();
    for (const [key, times] of [
      ['once', 1],
      ['always', 9],
    ] as const) {
      twist(server, publishing, 'lost-answer', times);
      expect(await store().put(key, bodyOf(bytes), ABSENT)).toMatchObject({ key, bytes });
      expect(server.objects.get(key)?.body.byteLength).toBe(bytes);
    }
    expect(server.uploads.size).toBe(0);
  });

  it('takes a conflict for what it was about: another object, or none', async () => {
    const { server, store } = await ScriptedS3.start();
    const conflict = { status: 409, code: 'ConditionalRequestConflict' };
    twist(server, publishing, conflict);
    await expect(store().put('a', bodyOf(bytes), ABSENT)).rejects.toMatchObject({
      problem: 'unavailable',
    });
    server.script = (request) => {
      if (request.kind !== publishing) return undefined;
      server.objects.set('b', keep);
      return conflict;
    };
    await expect(store().put('b', bodyOf(bytes), ABSENT)).rejects.toMatchObject({
      problem: 'exists',
    });
    expect(server.uploads.size).toBe(0);
  });
});

describe('a service that may not honour a condition', () => {
  const ADVICE = { problem: 'invalid', hint: expect.stringContaining("{ ifAbsent: 'looks' }") };

  it('is tried out once, before the first body is read', async () => {
    const { server, store } = await ScriptedS3.start();
    const probes: string[] = [];
    server.probed = ({ kind, key }) => void probes.push(`${kind} ${key}`);
    const proven = store({ prefix: 'prod' });
    await proven.put('a', bodyOf(10));
    expect(probes).toEqual([]);
    for (const key of ['b', 'c']) await proven.put(key, bodyOf(10), ABSENT);
    await proven.copy!('b', 'd', ABSENT);
    expect(probes.filter((probe) => probe.startsWith('PUT prod/.holdfast-probe'))).toHaveLength(2);
    expect(new Set(probes.map((probe) => probe.split(' ').at(-1)))).toEqual(
      new Set(['prod/.holdfast-probe']),
    );
    expect(server.uploads.size).toBe(0);
    probes.length = 0;
    // The object that it was tried out with is there by now.
    await store({ prefix: 'prod' }).put('e', bodyOf(10), ABSENT);
    expect(probes.filter((probe) => probe.startsWith('PUT prod/'))).toHaveLength(1);
  });

  it.each([
    ['does not look at it', (server: ScriptedS3) => (server.conditional = false)],
    [
      'does not know it',
      (server: ScriptedS3) =>
        (server.probed = ({ kind }) =>
          kind === 'PUT' ? { status: 501, code: 'NotImplemented' } : undefined),
    ],
    [
      'does not know it of uploads',
      (server: ScriptedS3) =>
        (server.probed = ({ kind }) =>
          kind === 'POST ?uploadId' ? { status: 501, code: 'NotImplemented' } : undefined),
    ],
    [
      'does not look at it in uploads',
      (server: ScriptedS3) =>
        (server.probed = ({ kind }) => {
          server.conditional = kind !== 'POST ?uploadId';
          return undefined;
        }),
    ],
  ])('is refused with advice when it %s', async (_, prepare) => {
    const { server, store } = await ScriptedS3.start();
    prepare(server);
    await store().put('free', bodyOf(1));
    await expect(store().put('a', untouchable, ABSENT)).rejects.toMatchObject(ADVICE);
    await expect(store().copy!('free', 'a', ABSENT)).rejects.toMatchObject(ADVICE);
    expect([...server.objects.keys()]).toEqual(['free']);
  });

  it('is tried out again when it could not be reached', async () => {
    const { server, store } = await ScriptedS3.start();
    let down = true;
    server.probed = () => (down ? { status: 503, code: 'SlowDown' } : undefined);
    const patient = store({ attempts: 1 });
    const failing = patient.put('a', untouchable, ABSENT);
    await expect(failing).rejects.toMatchObject({ problem: 'unavailable' });
    down = false;
    await patient.put('a', bodyOf(10), ABSENT);
  });
});

describe('ifAbsent by looking', () => {
  it.each(SIZES)(
    'looks before it reads the body and before it publishes, in %s',
    async (_, bytes) => {
      const { server, store } = await ScriptedS3.start();
      const looking = store({ ifAbsent: 'looks' });
      expect(looking.properties.ifAbsent).toBe('looks');
      await looking.put('a', bodyOf(bytes), ABSENT);
      await expect(looking.put('a', untouchable, ABSENT)).rejects.toMatchObject({
        problem: 'exists',
      });
      const body = bodyOf(bytes, (given) => given === 0 || server.objects.set('b', keep));
      await expect(looking.put('b', body, ABSENT)).rejects.toMatchObject({ problem: 'exists' });
      expect(server.objects.get('b')).toBe(keep);
      expect(server.uploads.size).toBe(0);
      const conditions = server.seen.map(({ headers }) => headers['if-none-match']);
      expect(new Set(conditions)).toEqual(new Set([undefined]));
    },
  );
});

describe('ifAbsent refused', () => {
  it('is refused before anything is asked of the service', async () => {
    const { server, store } = await ScriptedS3.start();
    const refusing = store({ ifAbsent: 'refused' });
    expect(refusing.properties.ifAbsent).toBe(false);
    await expect(refusing.put('a', untouchable, ABSENT)).rejects.toMatchObject({
      problem: 'invalid',
    });
    await expect(refusing.copy!('a', 'b', ABSENT)).rejects.toMatchObject({ problem: 'invalid' });
    expect(server.seen).toEqual([]);
    expect(store().properties.ifAbsent).toBe(true);
  });
});

describe('a copy', () => {
  it('with ifAbsent is made in parts, whose completion can be conditional', async () => {
    const { server, store } = await ScriptedS3.start();
    await store().put('a', bodyOf(7));
    await store().put('empty', new Uint8Array(0));
    await store().copy!('a', 'b', ABSENT);
    await store().copy!('empty', 'c', ABSENT);
    expect(server.objects.get('b')?.body.byteLength).toBe(7);
    expect(server.objects.get('c')?.body.byteLength).toBe(0);
    const conditions = server.seen
      .filter(({ headers }) => headers['if-none-match'] !== undefined)
      .map(({ kind, key }) => `${kind} ${key}`);
    expect(conditions).toEqual(['POST ?uploadId b', 'PUT c']);
    const taken = { problem: 'exists' };
    await expect(store().copy!('a', 'b', ABSENT)).rejects.toMatchObject(taken);
  });

  it.each([
    ['one request', {}],
    ['several parts', { copyBytes: 5 * 1024 * 1024 }],
  ])(
    'fails, in %s, when its source is replaced under it, and keeps nothing',
    async (_, options) => {
      const { server, store } = await ScriptedS3.start();
      const copying = store(options);
      await copying.put('a', bodyOf(LARGE));
      const other = { body: Buffer.alloc(LARGE - 1), meta: {}, lock: undefined };
      server.script = ({ headers }) => {
        if (headers['x-amz-copy-source'] !== undefined) server.objects.set('a', other);
        return undefined;
      };
      await expect(copying.copy!('a', 'b')).rejects.toMatchObject({
        problem: 'unavailable',
        message: expect.stringContaining('was replaced while it was copied'),
      });
      expect([...server.objects.keys()]).toEqual(['a']);
      expect(server.uploads.size).toBe(0);
    },
  );
});
