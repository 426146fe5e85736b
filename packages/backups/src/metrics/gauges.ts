import type { SetHealth } from '../health/health.ts';

/** A set's health, with what its schedule says. */
export interface MeasuredSet {
  readonly health: SetHealth;
  /** When it is backed up next, where that is known. */
  readonly nextRunAt?: Date;
}

/** One gauge: a figure of every set. */
export interface Gauge {
  /** In OpenTelemetry's manner; Prometheus has `_` for `.`, and the unit at the end. */
  readonly name: string;
  /** UCUM: 's', 'By', '1'. */
  readonly unit: 's' | 'By' | '1';
  readonly help: string;
  /** Undefined: there is nothing to tell of this set. */
  readonly of: (set: MeasuredSet) => number | undefined;
}

/** Never is 1970: a rule on the age then fires, where a missing figure would keep it silent. */
function seconds(time: string | null): number {
  return time === null ? 0 : Date.parse(time) / 1000;
}

function timestamp(name: string, help: string, of: (set: MeasuredSet) => string | null): Gauge {
  return { name: `backup.${name}.timestamp`, unit: 's', help, of: (set) => seconds(of(set)) };
}

/** What people can alert on. */
export const GAUGES: readonly Gauge[] = [
  timestamp(
    'last_success',
    'When the dump of the newest backup began; 0: never.',
    ({ health }) => health.figures.lastSuccessAt,
  ),
  timestamp(
    'last_restorable',
    'When the dump of the newest backup began that was proven by restoring it; 0: never.',
    ({ health }) => health.figures.lastRestorableAt,
  ),
  timestamp(
    'last_verified',
    'When a backup was last verified, at whatever level; 0: never.',
    ({ health }) => health.figures.lastVerifiedAt,
  ),
  timestamp(
    'last_restore_proven',
    'When a restore was last proven; 0: never.',
    ({ health }) => health.figures.lastRestoreProvenAt,
  ),
  {
    name: 'backup.last_duration',
    unit: 's',
    help: 'How long the newest backup took.',
    of: ({ health: { figures } }) =>
      figures.lastDurationMs === null ? undefined : figures.lastDurationMs / 1000,
  },
  {
    name: 'backup.last_size',
    unit: 'By',
    help: 'Size of the newest backup as its source gave it.',
    of: ({ health }) => health.figures.lastBytes ?? undefined,
  },
  {
    name: 'backup.copies',
    unit: '1',
    help: 'In how many stores a restorable backup lies.',
    of: ({ health }) => health.figures.copies,
  },
  {
    name: 'backup.max_age',
    unit: 's',
    help: 'How old the newest restorable backup may be.',
    of: ({ health }) => health.figures.maxAgeMs / 1000,
  },
  {
    name: 'backup.next_run.timestamp',
    unit: 's',
    help: 'When the set is backed up next.',
    of: ({ nextRunAt }) => (nextRunAt === undefined ? undefined : nextRunAt.getTime() / 1000),
  },
];
