import { describe, expect, it } from 'vitest';
import { changeOf, composeNotice, type KnownStanding, type Standing } from '@holdfast/backups';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-23T20:00:00.000Z');
const iso = (ms: number) => new Date(ms).toISOString();

function known(standing: Standing, toldHoursAgo: number | null = null): KnownStanding {
  const toldAt = toldHoursAgo === null ? null : iso(NOW - toldHoursAgo * HOUR);
  return { standing, since: '2026-11-20T00:00:00.000Z', toldAt };
}

function kind(before: KnownStanding | undefined, standing: Standing) {
  return changeOf(before, standing, NOW, 24 * HOUR).kind;
}

describe('what people are told', () => {
  it('begins with bad news: good news of what nobody had heard of is none', () => {
    expect(kind(undefined, 'good')).toBeNull();
    expect(kind(undefined, 'late')).toBe('late');
    expect(kind(known('good'), 'good')).toBeNull();
    expect(kind(known('good'), 'degraded')).toBe('degraded');
  });

  it('is nothing while nothing changes, until it is time to remind them', () => {
    expect(kind(known('failed', 23), 'failed')).toBeNull();
    expect(kind(known('failed', 24), 'failed')).toBe('still-failing');
    expect(kind(known('failed', null), 'failed')).toBe('still-failing');
  });

  it('is the other way in which it stands badly, and that it is good again', () => {
    expect(kind(known('degraded', 1), 'failed')).toBe('failed');
    expect(kind(known('failed', 1), 'restore-unproven')).toBe('restore-unproven');
    expect(kind(known('late', 1), 'good')).toBe('recovered');
  });

  it('remembers since when it is bad, through every way of being so', () => {
    const { since } = known('failed');
    expect(changeOf(known('failed', 1), 'late', NOW, HOUR).known).toEqual({
      standing: 'late',
      since,
      toldAt: iso(NOW),
    });
    expect(changeOf(known('good'), 'late', NOW, HOUR).known.since).toBe(iso(NOW));
    expect(changeOf(known('failed', 1), 'failed', NOW, 24 * HOUR).known.toldAt).toBe(
      iso(NOW - HOUR),
    );
  });
});

describe('a notice of a change', () => {
  const occasion = {
    set: 'orders',
    what: 'no proven backup tonight',
    problem: { code: 'VERIFY_FAILED', message: 'table orders lost rows.', hint: null },
    runId: 'run-7',
    lastProvenAt: '2026-11-22T18:00:00.000Z',
    now: NOW,
    standing: 'failed',
  } as const;

  it('says it all, in the order in which it matters', () => {
    const notice = composeNotice({
      ...occasion,
      kind: 'still-failing',
      app: 'shop',
      task: 'verifyByRestore',
      maxAge: 24 * HOUR,
      since: '2026-11-20T20:00:00.000Z',
      nextAttemptAt: '2026-11-24T03:00:00.000Z',
      resume: "engine.retry('{runId}')",
      lines: Array.from({ length: 30 }, (_, line) => `line ${line}`),
    });
    const lines = notice.text.split('\n');
    expect(lines.slice(0, 5)).toEqual([
      'shop, orders: still failing: no proven backup tonight. Its last proven backup is 26.0 hours old (2026-11-22T18:00:00.000Z), 2.0 hours over its limit of 24.0 hours.',
      'VERIFY_FAILED: table orders lost rows.',
      'Task: verifyByRestore',
      'Failing since 2026-11-20T20:00:00.000Z (3.0 days).',
      'Next attempt at 2026-11-24T03:00:00.000Z.',
    ]);
    expect(lines[6]).toBe("To resume: engine.retry('run-7')");
    expect(lines.slice(7)).toEqual([
      'Last lines of the run:',
      ...Array.from({ length: 20 }, (_, line) => `line ${line + 10}`),
    ]);
    expect(notice).toMatchObject({ kind: 'still-failing', severity: 'critical', topic: 'backup' });
  });

  it('tells a copy within its limit, and what is good again', () => {
    const within = composeNotice({ ...occasion, maxAge: 48 * HOUR });
    expect(within.text).toContain('within its limit of 2.0 days.');
    const since = '2026-11-22T20:00:00.000Z';
    const recovered = composeNotice({ ...occasion, kind: 'recovered', standing: 'good', since });
    expect(recovered.text).toContain(`It had failed since ${since} (24.0 hours).`);
    expect(recovered).toMatchObject({ severity: 'info' });
    expect(recovered.subject).toContain('good again');
  });

  it('is a warning where a backup is proven and something lacks', () => {
    for (const standing of ['degraded', 'restore-unproven'] as const) {
      expect(composeNotice({ ...occasion, kind: standing, standing }).severity).toBe('warning');
    }
    const still = { ...occasion, kind: 'still-failing', standing: 'degraded' } as const;
    expect(composeNotice(still).severity).toBe('warning');
  });

  it('has a subject of one line, whatever it is made of', () => {
    expect(composeNotice({ ...occasion, what: 'two\nlines' }).subject).toBe('orders: two lines');
  });
});
