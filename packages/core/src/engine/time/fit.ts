import { skipped } from '../../errors/errors.ts';
import type { Bound } from '../../model/bounds.ts';
import type { Fitting } from '../../policies/fitting.ts';
import { spanText } from '../../reading/span-text.ts';
import { failed, type Failed } from '../outcomes.ts';
import type { Performance } from '../performance.ts';
import type { Scope } from '../scope.ts';

/** Both figures, in one sentence. */
function shortOf(
  name: string,
  { kind, of }: Bound,
  { usual, remaining, samples }: Fitting,
): string {
  const until = kind === 'deadline' ? `the deadline of '${of}'` : `the window of '${of}' closes`;
  const runs = samples === 1 ? '1 run' : `${samples} runs`;
  return `'${name}' usually takes ${spanText(usual ?? 0)} (nine of ten of ${runs}), and ${spanText(remaining ?? 0)} is left until ${until}`;
}

async function fittingOf({ execution, handle }: Performance, bound: Bound): Promise<Fitting> {
  const { engine } = execution;
  const { name, key, id: runId } = handle.run;
  try {
    return await engine.usualDurations.fitting(name, key, bound.at);
  } catch (error) {
    // What cannot be foretold is tried.
    engine.logger.warn({ runId, name, err: error }, 'the past of a run could not be read');
    return { fits: true, samples: 0 };
  }
}

/**
 * Looks whether a run that is about to start for the first time fits into what is left of its time. If not, it
 * is skipped, where its definition says so: then its outcome is given; else it is warned of.
 */
export async function skipUnlessFits(run: Performance, bound: Bound): Promise<Failed | undefined> {
  const { execution, handle, definition, cancellation, dependsOn } = run;
  const found = await fittingOf(run, bound);
  if (found.fits || cancellation.reason !== undefined) return undefined;
  const { name, id: runId } = handle.run;
  const text = shortOf(name, bound, found);
  if (definition.ifWontFit === 'start') {
    execution.engine.events.emit('warning', { code: 'WONT_FIT', message: `${text}.`, runId });
    return undefined;
  }
  const facts = dependsOn === undefined ? {} : { dependsOn };
  await handle.apply({ type: 'skip', name: 'WontFit', reason: text }, facts);
  return failed('SKIPPED', skipped('WontFit', `${text}.`));
}

/**
 * Tells the code of an attempt whether something fits into what is left of its time: what it was told before, where an
 * earlier process recorded that.
 *
 * @param slot which of its questions this is
 */
export async function askWhetherFits(
  scope: Scope,
  slot: string,
  name: string,
  key: string | undefined,
): Promise<Fitting> {
  const { execution, run, bound, tryName } = scope;
  const known = execution.recall(run.id, tryName, slot);
  if (known !== undefined) return known as unknown as Fitting;
  const found = await execution.engine.usualDurations.fitting(name, key, bound?.at);
  if (scope.closed !== undefined) throw scope.closed;
  return execution.recordedValue(run.id, tryName, slot, () => ({ ...found }));
}
