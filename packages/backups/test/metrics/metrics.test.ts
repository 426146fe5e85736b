import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterEach, describe, expect, it } from 'vitest';
import { memoryObjectStore } from '@holdfast/core';
import {
  judgeSet,
  listBackups,
  type MeasuredSet,
  observeHealth,
  prometheusText,
} from '@holdfast/backups';
import { forge } from '../support/forged.ts';

const NOW = Date.parse('2026-11-23T20:00:00.000Z');
const DUMPED = NOW - 3 * 3_600_000;

async function measured(set = 'orders'): Promise<MeasuredSet> {
  const store = memoryObjectStore({ name: 'primary' });
  await forge(store, DUMPED);
  const { backups, problems } = await listBackups(store, { now: () => NOW });
  const health = judgeSet(set, [{ store: 'primary', backups, problems }], { maxAge: '1d' }, NOW);
  return { health, nextRunAt: new Date(NOW + 1000) };
}

function never(): MeasuredSet {
  const view = { store: 'primary', backups: [], problems: [] };
  return { health: judgeSet('new', [view], {}, NOW) };
}

const EXPECTED = {
  backup_last_success_timestamp_seconds: DUMPED / 1000,
  backup_last_restorable_timestamp_seconds: DUMPED / 1000,
  backup_last_verified_timestamp_seconds: DUMPED / 1000,
  backup_last_restore_proven_timestamp_seconds: DUMPED / 1000,
  backup_last_duration_seconds: 0,
  backup_last_size_bytes: 40,
  backup_copies: 1,
  backup_max_age_seconds: 86_400,
  backup_next_run_timestamp_seconds: NOW / 1000 + 1,
};

describe('the gauges for Prometheus', () => {
  it('are in its text format, one family after the other', async () => {
    const lines = prometheusText([await measured()]).split('\n');
    expect(lines.pop()).toBe('');
    const samples = lines.filter((line) => !line.startsWith('#'));
    expect(samples).toEqual(
      Object.entries(EXPECTED).map(([name, value]) => `${name}{set="orders"} ${value}`),
    );
    expect(lines[0]).toMatch(/^# HELP backup_last_success_timestamp_seconds \S/);
    expect(lines[1]).toBe('# TYPE backup_last_success_timestamp_seconds gauge');
    expect(lines).toHaveLength(3 * samples.length);
  });

  it('say 0 for never, so that a rule on the age fires, and nothing where there is nothing to say', () => {
    const text = prometheusText([never()]);
    expect(text).toContain('backup_last_restorable_timestamp_seconds{set="new"} 0\n');
    expect(text).not.toMatch(/backup_last_(?:duration|size)|backup_next_run/);
  });

  it('have the samples of all sets in one family, and escape their names', async () => {
    const text = prometheusText([await measured(), await measured('a"b\\c\nd')]);
    expect(text).toContain(
      'backup_copies{set="orders"} 1\nbackup_copies{set="a\\"b\\\\c\\nd"} 1\n',
    );
    expect(text.match(/# TYPE backup_copies/g)).toHaveLength(1);
  });
});

describe('the gauges for OpenTelemetry', () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);

  afterEach(() => {
    metrics.disable();
    exporter.reset();
  });

  async function exported(provider: MeterProvider) {
    await provider.forceFlush();
    const [batch] = exporter.getMetrics();
    exporter.reset();
    return (batch?.scopeMetrics ?? []).flatMap(({ scope, metrics: all }) =>
      all.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
        dataPoints.map(({ value, attributes }) => ({
          scope: scope.name,
          name,
          unit,
          value,
          attributes,
        })),
      ),
    );
  }

  it('are observed by the provider that the host has set, until they are stopped', async () => {
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    metrics.setGlobalMeterProvider(provider);
    const set = await measured();
    let reads = 0;
    const observation = await observeHealth(() => {
      reads += 1;
      return [set];
    });
    const points = await exported(provider);
    expect(points).toHaveLength(Object.keys(EXPECTED).length);
    expect(points).toContainEqual({
      scope: '@holdfast/backups',
      name: 'backup.last_restorable.timestamp',
      unit: 's',
      value: DUMPED / 1000,
      attributes: { set: 'orders' },
    });
    const suffix: Record<string, string> = { s: '_seconds', By: '_bytes', '1': '' };
    const named = points.map(({ name, unit, value }) => [
      name.replaceAll('.', '_') + suffix[unit],
      value,
    ]);
    expect(Object.fromEntries(named)).toEqual(EXPECTED);
    observation.stop();
    await provider.forceFlush();
    expect(reads).toBe(1);
    await provider.shutdown();
  });

  it('are nobody’s without a provider', async () => {
    const read = (): never => {
      throw new Error('nobody should ask');
    };
    const observation = await observeHealth(read);
    observation.stop();
  });
});
