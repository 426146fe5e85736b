import type { Clock } from '../../clock/clock.ts';
import type { ObjectStoreCall, ObjectStoreFault, OutageFault } from './fault.ts';

/** A fault, and how often it has been met. */
interface Armed {
  readonly fault: ObjectStoreFault;
  matched: number;
  struck: number;
  /** When an outage for a time ends; undefined before it begins. */
  endsAt: number | undefined;
}

/** The plan of a faulty store, used up call by call. */
export interface FaultPlan {
  /** The faults that strike this call, in the order of the plan. */
  strike(call: ObjectStoreCall): readonly ObjectStoreFault[];
  /** The faults that have not struck as often as they were meant to. */
  unspent(): readonly ObjectStoreFault[];
}

function aimsAt(fault: ObjectStoreFault, call: ObjectStoreCall): boolean {
  if (fault.fault !== 'outage' && fault.on !== call.method) return false;
  const { key } = fault;
  if (key === undefined) return true;
  return typeof key === 'string' ? key === call.key : call.key.search(key) !== -1;
}

function times(fault: ObjectStoreFault): number {
  const timed = fault.fault === 'outage' && fault.forMs !== undefined;
  return fault.times ?? (timed ? Number.POSITIVE_INFINITY : 1);
}

function isOver(armed: Armed, fault: OutageFault, clock: Clock): boolean {
  if (fault.forMs === undefined) return false;
  armed.endsAt ??= clock.now() + fault.forMs;
  return clock.now() >= armed.endsAt;
}

function strikes(armed: Armed, call: ObjectStoreCall, clock: Clock): boolean {
  const { fault } = armed;
  if (!aimsAt(fault, call)) return false;
  armed.matched++;
  if (armed.matched < (fault.nth ?? 1) || armed.struck >= times(fault)) return false;
  if (fault.fault === 'outage' && isOver(armed, fault, clock)) return false;
  armed.struck++;
  return true;
}

function isSpent({ fault, struck }: Armed): boolean {
  const meant = times(fault);
  return Number.isFinite(meant) ? struck >= meant : struck > 0;
}

export function faultPlan(faults: readonly ObjectStoreFault[], clock: Clock): FaultPlan {
  const armed = faults.map((fault): Armed => ({ fault, matched: 0, struck: 0, endsAt: undefined }));
  return {
    strike: (call) => armed.filter((each) => strikes(each, call, clock)).map(({ fault }) => fault),
    unspent: () => armed.filter((each) => !isSpent(each)).map(({ fault }) => fault),
  };
}
