import { HoldfastError } from '@holdfast/core';
import type * as Api from '@opentelemetry/api';
import { PACKAGE_VERSION } from '../package-version.ts';
import { GAUGES, type MeasuredSet } from './gauges.ts';

/** Ends the observation. */
export interface Observation {
  /** Nothing is asked or told from now on. */
  stop(): void;
}

async function loadApi(): Promise<typeof Api> {
  try {
    return await import('@opentelemetry/api');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new HoldfastError(
      'PACKAGE_MISSING',
      'observeHealth needs the package @opentelemetry/api.',
      {
        hint: 'Install it beside @holdfast/backups: npm install @opentelemetry/api',
        retryable: false,
        cause,
        context: { package: '@opentelemetry/api' },
      },
    );
  }
}

/**
 * Gives the gauges to the meter provider that the host has registered with OpenTelemetry's API; without one nothing is
 * observed. Never sets a provider. Its Prometheus exporter makes the same names of them as {@link prometheusText}.
 *
 * @param read what is known now; called whenever the provider collects
 * @throws `PACKAGE_MISSING`
 */
export async function observeHealth(
  read: () => readonly MeasuredSet[] | Promise<readonly MeasuredSet[]>,
): Promise<Observation> {
  const { metrics } = await loadApi();
  const meter = metrics.getMeter('@holdfast/backups', PACKAGE_VERSION);
  const gauges = GAUGES.map((gauge) => {
    const { name, unit, help: description } = gauge;
    return { gauge, observable: meter.createObservableGauge(name, { unit, description }) };
  });
  const observables = gauges.map(({ observable }) => observable);
  const observe: Api.BatchObservableCallback = async (result) => {
    for (const set of await read()) {
      for (const { gauge, observable } of gauges) {
        const value = gauge.of(set);
        if (value !== undefined) result.observe(observable, value, { set: set.health.set });
      }
    }
  };
  meter.addBatchObservableCallback(observe, observables);
  return { stop: () => meter.removeBatchObservableCallback(observe, observables) };
}
