import { type Gauge, GAUGES, type MeasuredSet } from './gauges.ts';

const SUFFIXES = { s: '_seconds', By: '_bytes', '1': '' };

function prometheusName({ name, unit }: Gauge): string {
  return name.replaceAll('.', '_') + SUFFIXES[unit];
}

/** A label's value: these three are escaped, all else stands as it is. */
function label(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/**
 * The gauges as text, for an HTTP endpoint that Prometheus reads (`text/plain; version=0.0.4`). One rule serves all sets:
 * `time() - backup_last_restorable_timestamp_seconds > backup_max_age_seconds`.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function prometheusText(sets: readonly MeasuredSet[]): string {
  const lines: string[] = [];
  for (const gauge of GAUGES) {
    const name = prometheusName(gauge);
    const samples = sets.flatMap((set) => {
      const value = gauge.of(set);
      return value === undefined ? [] : [`${name}{set="${label(set.health.set)}"} ${value}`];
    });
    if (samples.length === 0) continue;
    lines.push(`# HELP ${name} ${gauge.help}`, `# TYPE ${name} gauge`, ...samples);
  }
  return lines.map((line) => `${line}\n`).join('');
}
