import type { Performance } from '../performance.ts';
import { Admission, type GateMaker } from './admission.ts';
import { cacheGate } from './cache-gate.ts';
import { limitGate } from './limit-gate.ts';
import { windowGate } from './window-gate.ts';

/** Every kind of gate, in the order in which a run passes them. Who waits for a window holds nothing. */
const GATES: readonly GateMaker[] = [windowGate, cacheGate, limitGate];

/** What a run has to pass before each attempt; undefined for one that nothing holds up, as most are. */
export function admissionOf(run: Performance): Admission | undefined {
  const gates = GATES.flatMap((make) => make(run) ?? []);
  return gates.length === 0 ? undefined : new Admission(gates);
}
