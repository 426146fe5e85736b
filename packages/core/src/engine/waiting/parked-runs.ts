import type { Timer } from '../../clock/clock.ts';
import type { EngineCore } from '../engine-core.ts';
import type { Parking } from './parking.ts';

/** How long it takes at most until it is noticed what others have done with a paused run. */
const LOOK_AGAIN = 30_000;

/**
 * The paused runs of an engine whose leases are free. Since nothing is renewed for them, the store is asked from time to
 * time whether somebody has cancelled them, ended them, or gone on with them.
 */
export class ParkedRuns {
  readonly #engine: EngineCore;
  readonly #parked = new Set<Parking>();
  #timer: Timer | undefined;

  constructor(engine: EngineCore) {
    this.#engine = engine;
  }

  add(parking: Parking): void {
    this.#parked.add(parking);
    this.#arm();
  }

  delete(parking: Parking): void {
    this.#parked.delete(parking);
    if (this.#parked.size > 0) return;
    this.#timer?.clear();
    this.#timer = undefined;
  }

  #arm(): void {
    this.#timer ??= this.#engine.clock.setTimer(
      LOOK_AGAIN,
      () => {
        this.#timer = undefined;
        if (this.#parked.size === 0) return;
        this.#arm();
        this.#look().catch((error: unknown) => {
          this.#engine.logger.warn({ err: error }, 'paused runs could not be looked at');
        });
      },
      { background: true },
    );
  }

  async #look(): Promise<void> {
    const asked = Array.from(this.#parked, (parking) => ({ parking, stay: parking.stay }));
    const open = await this.#engine.store.openRuns();
    const byId = new Map(open.map((each) => [each.run.id, each]));
    for (const { parking, stay } of asked) {
      // One that has come back meanwhile knows better.
      const same = this.#parked.has(parking) && parking.stay === stay;
      if (same) parking.noticed(byId.get(parking.rootId));
    }
  }
}
