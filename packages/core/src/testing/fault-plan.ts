import type { AttemptInfo, EngineOptions } from '../engine/engine-options.ts';

/** A fault that a test plans: which attempts it hits, and what happens to them. */
export interface PlannedFault {
  /** The name of the flow or task. */
  readonly name: string;
  /** Which attempt of each of its runs, from 1. Default: every one. */
  readonly attempt?: number;
  /** How many attempts it hits in all. Default: every one that fits. */
  readonly times?: number;
  /** Whether the function is called before the fault: its effects happen, and nobody learns of them. Default false. */
  readonly after?: boolean;
  /** What the attempt throws. */
  readonly error: unknown;
}

/** Faults that hit attempts of an engine, as planned. */
export interface FaultPlan {
  /** Adds a fault; gives the plan. */
  fail(fault: PlannedFault): FaultPlan;
  /** The attempts that were hit, in order. */
  readonly hits: readonly AttemptInfo[];
  /** Give this to `createEngine`. */
  readonly aroundAttempt: NonNullable<EngineOptions['aroundAttempt']>;
}

/** Makes a plan without faults: `faultPlan().fail({ name: 'dump', attempt: 1, error: new Error('once') })`. */
export function faultPlan(): FaultPlan {
  const faults: { readonly fault: PlannedFault; left: number }[] = [];
  const hits: AttemptInfo[] = [];
  const hit = (info: AttemptInfo): PlannedFault | undefined => {
    const found = faults.find(
      ({ fault, left }) =>
        left > 0 &&
        fault.name === info.name &&
        (fault.attempt === undefined || fault.attempt === info.attempt),
    );
    if (found === undefined) return undefined;
    found.left--;
    hits.push(info);
    return found.fault;
  };
  const plan: FaultPlan = {
    hits,
    fail(fault) {
      faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
      return plan;
    },
    aroundAttempt: async (info, proceed) => {
      const fault = hit(info);
      if (fault === undefined) return proceed();
      if (fault.after === true) await proceed();
      throw fault.error;
    },
  };
  return plan;
}
