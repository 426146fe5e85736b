import { boundOf } from '../../model/bounds.ts';
import type { FlowRun } from '../../model/run.ts';
import type { EpochMs, PausedState } from '../../model/state.ts';
import type { OpenRun } from '../../store/run-store.ts';
import type { EngineCore } from '../engine-core.ts';
import { GivenInputs } from './given-inputs.ts';
import { LONGEST_LOOK } from './input-pause.ts';

/**
 * How long a paused run that could go on is left to the process that paused it, in milliseconds: that one goes on where
 * it stands, any other from the beginning. It wakes by itself, and looks for inputs from time to time.
 */
const HEAD_START = { time: 1000, input: LONGEST_LOOK + 1000 };

function inputsOf({ input, inputs }: PausedState): readonly string[] {
  return inputs ?? (input === undefined ? [] : [input]);
}

/** When the first of the inputs that a run waits for was given; undefined while none was. */
async function inputGivenAt(engine: EngineCore, run: FlowRun): Promise<EpochMs | undefined> {
  const names = run.state.type === 'PAUSED' ? inputsOf(run.state) : [];
  if (names.length === 0) return undefined;
  const given = await GivenInputs.read(engine, run);
  const times = names.flatMap((name) => given.standing(name)?.at ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** From when on a paused run may go on: Infinity while nothing is known that wakes it. */
export async function goesOnAt(engine: EngineCore, run: FlowRun): Promise<EpochMs> {
  const until = run.state.type === 'PAUSED' ? run.state.until : undefined;
  return Math.min(until ?? Infinity, (await inputGivenAt(engine, run)) ?? Infinity);
}

/**
 * When somebody has to look at a run that is paused: Infinity while nothing is known that wakes it. Undefined for one
 * that is to be looked at now: it is not paused, is to be cancelled, or may go on.
 *
 * @param headStart whether to leave it first to the process that paused it, which may still have it in memory
 */
export async function waitsUntil(
  engine: EngineCore,
  { run, cancelReason }: Pick<OpenRun, 'run' | 'cancelReason'>,
  headStart: boolean,
): Promise<EpochMs | undefined> {
  if (run.state.type !== 'PAUSED' || cancelReason !== undefined) return undefined;
  const given = (await inputGivenAt(engine, run)) ?? Infinity;
  // It is looked at, too, when the time is over in which it must end.
  const time = Math.min(run.state.until ?? Infinity, boundOf(run)?.at ?? Infinity);
  const due = headStart
    ? Math.min(given + HEAD_START.input, time + HEAD_START.time)
    : Math.min(given, time);
  return due > engine.clock.now() ? due : undefined;
}
