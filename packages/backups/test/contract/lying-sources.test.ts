import { AssertionError } from 'node:assert';
import { createReadStream, existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isHoldfastError } from '@holdfast/core';
import { startChild } from '@holdfast/core/process';
import type { DumpFacts, Source, SourceSpec } from '@holdfast/backups';
import { runSourceCheck, sourceChecks, type SourceSubject } from '@holdfast/backups/testing';
import { commandSubject } from './subjects.ts';

type Dump = Source['dump'];
type Lie = (honest: Source) => Partial<Source>;

const tells = (part: Partial<DumpFacts>): Lie => {
  return (honest) => ({
    async *dump(spec, room) {
      return { ...(yield* honest.dump(spec, room)), ...part };
    },
  });
};

const emptyWhereNothingIs: Lie = (honest) => ({
  async *dump(...[spec, room]: Parameters<Dump>) {
    const [program = ''] = (spec as SourceSpec & { dump: { argv: string[] } }).dump.argv;
    if (program === 'sh' || existsSync(program)) return yield* honest.dump(spec, room);
    yield { plainName: 'x.txt', layers: [], bytes: createReadStream('/dev/null') };
    return {
      fingerprint: { kind: 'stream', bytes: 0, counts: [] },
      tools: [],
      warnings: [],
      changed: { count: 0, names: [] },
      vanished: { count: 0, names: [] },
    };
  },
});

const leavesFiles: Lie = (honest) => ({
  async restore(backup, to, room) {
    await honest.restore(backup, to, room);
    await writeFile(`${to}.log`, 'restored');
  },
});

const restoresNothing: Lie = () => ({ restore: () => Promise.resolve() });

const believesAll: Lie = () => ({ compare: () => Promise.resolve({ differences: [] }) });

const believesNothing: Lie = () => ({
  compare: () =>
    Promise.resolve({ differences: [{ what: 'everything', expected: 'good', found: 'bad' }] }),
});

/** Starts a child that nobody waits for, behind the back of whoever would end it. */
const leavesChildren: Lie = (honest) => ({
  async *dump(spec, room) {
    const signal = new AbortController().signal;
    await room.startChild('sleep', { args: ['600'], signal });
    return yield* honest.dump(spec, room);
  },
});

const hearsNoAbort: Lie = (honest) => ({
  async *dump(spec, room) {
    const signal = new AbortController().signal;
    return yield* honest.dump(spec, { ...room, signal, startChild });
  },
});

const tellsSecrets: Lie = (honest) => ({
  identity: (spec) => ({ ...honest.identity(spec), token: 'xyzzy-4711-token' }),
});

const writesSecretsIntoTheGuide: Lie = (honest) => ({
  guide(spec, facts, artifacts) {
    const guide = honest.guide(spec, facts, artifacts);
    return { ...guide, summary: `${guide.summary} The token is xyzzy-4711-token.` };
  },
});

const guideThatFails: Lie = (honest) => ({
  guide: (spec, facts, artifacts) => ({
    ...honest.guide(spec, facts, artifacts),
    commands: ['mkdir restored', 'touch restored/lines.txt'],
  }),
});

const dumpsNothing: Lie = (honest) => ({
  // eslint-disable-next-line require-yield
  async *dump(spec, room) {
    const dump = honest.dump(spec, room);
    const { value } = await dump.next();
    for await (const chunk of (value as { bytes: AsyncIterable<Uint8Array> }).bytes) void chunk;
    return (await dump.next()).value as DumpFacts;
  },
});

/** An accident of the check itself would be another error. */
function isVerdict(error: unknown): boolean {
  return error instanceof AssertionError || isHoldfastError(error);
}

/** Every lie, with a promise that must not survive it. */
const LIES: readonly (readonly [string, Lie, RegExp])[] = [
  [
    'always has the same fingerprint',
    tells({ fingerprint: { kind: 'stream', bytes: 140_007, counts: [] } }),
    /^dumps something/,
  ],
  ['dumps nothing', dumpsNothing, /^dumps something/],
  ['makes an empty dump of what is not there', emptyWhereNothingIs, /^makes no dump/],
  ['leaves files beside', leavesFiles, /nowhere else$/],
  ['restores nothing', restoresNothing, /nowhere else$/],
  ['believes every copy', believesAll, /^sees what is missing/],
  ['believes every dump', believesAll, /^does not prove/],
  ['believes no copy', believesNothing, /^comes back as it was/],
  ['leaves children', leavesChildren, /^dumps something|^lets go/],
  ['tells its secrets', tellsSecrets, /^tells no secret/],
  ['writes its secrets into the guide', writesSecretsIntoTheGuide, /^tells no secret/],
  ['has a guide that does not restore', guideThatFails, /^comes back by the commands/],
];

async function subjectWith(lie: Lie): Promise<SourceSubject> {
  const subject = await commandSubject();
  const honest = subject.source as Source;
  return { ...subject, source: { ...honest, ...lie(honest) } };
}

describe('the contract of sources', () => {
  it.each(LIES)('finds a source that %s', async (_name, lie, promise) => {
    const checks = sourceChecks.filter(({ name }) => promise.test(name));
    expect(checks.length).toBeGreaterThan(0);
    for (const check of checks) {
      const subject = await subjectWith(lie);
      await expect(runSourceCheck(check, subject)).rejects.toSatisfy(isVerdict);
      await subject.close();
    }
  });

  it('finds a source that hears no abort', async () => {
    const check = sourceChecks.find(({ name }) => name.startsWith('gives up'));
    const subject = await subjectWith(hearsNoAbort);
    const path = join('/', 'dev', 'zero');
    const spec = { ...subject.spec, dump: { argv: ['head', '-c', '1000000', path] } };
    await expect(runSourceCheck(check!, { ...subject, spec })).rejects.toThrow(AssertionError);
    await subject.close();
  });
});
