import { systemClock } from '../clock/system-clock.ts';
import { EngineEvents } from '../events/engine-events.ts';
import { silentLogger } from '../events/logger.ts';
import { durationMs } from '../model/duration.ts';
import { newRunId, systemRandom } from '../model/ids.ts';
import { createScrubber } from '../secret/scrubber.ts';
import { valueCodec } from '../serial/value-codec.ts';
import { EngineLimits } from './admission/engine-limits.ts';
import { Permits } from './admission/permits.ts';
import { versionOf } from './code-version.ts';
import { Definitions } from './definitions.ts';
import type { EngineCore } from './engine-core.ts';
import type { EngineOptions } from './engine-options.ts';
import { HookDelivery } from './hook-delivery.ts';
import { Leases } from './leases.ts';
import { logKeeping } from './notes/log-keeping.ts';
import { resultKeeping } from './results/result-options.ts';
import { Resources } from './resources.ts';
import { scrubbingLogger } from './scrubbing-logger.ts';
import { UsualDurations } from './time/usual-durations.ts';
import { InputDesk } from './waiting/input-desk.ts';
import { ParkedRuns } from './waiting/parked-runs.ts';
import { Writer } from './writer.ts';

const DEFAULT_LEASE = 30_000;

/** Makes what the parts of an engine share. Throws `DURATION_INVALID`, `OPTIONS_INVALID`. */
export function coreOf(options: EngineOptions): EngineCore {
  const { store, clock = systemClock, random = systemRandom } = options;
  const scrubber = createScrubber();
  const logger = scrubbingLogger(options.logger ?? silentLogger, scrubber);
  const resources = new Resources(options.resources ?? {});
  const core = {
    store,
    clock,
    random,
    logger,
    logKeeping: logKeeping(options.logs ?? {}),
    results: resultKeeping(options.results),
    resources,
    writer: new Writer(store),
    events: new EngineEvents((event, error) => {
      logger.error({ event, err: error }, 'a listener threw');
    }),
    definitions: new Definitions(),
    limits: new EngineLimits(options),
    workers: new Set(),
    codec: valueCodec(resources),
    scrubber,
    secretResolvers: options.secrets ?? {},
    version: versionOf(options, process.env),
    aroundAttempt: options.aroundAttempt,
  } as { -readonly [K in keyof EngineCore]: EngineCore[K] };
  core.hooks = new HookDelivery(core);
  core.usualDurations = new UsualDurations(core);
  const ttl = durationMs(options.leaseTtl ?? DEFAULT_LEASE, "The engine's leaseTtl");
  core.leases = new Leases(core, ttl, newRunId(clock.now(), random));
  core.parked = new ParkedRuns(core);
  core.permits = new Permits(core);
  core.desk = new InputDesk(core.definitions);
  return core;
}
