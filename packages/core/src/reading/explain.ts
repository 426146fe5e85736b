import type { RunId } from '../model/ids.ts';
import type { Explanation } from './explanation.ts';
import { firstFailure } from './first-failure.ts';
import { namedRun } from './named-run.ts';
import { countStates, runFacts } from './run-facts.ts';
import type { RunTree } from './run-tree.ts';
import { runsAgain, type ForecastFacts } from './runs-again.ts';
import { sentenceOf } from './sentence.ts';
import { waitsOf, type WaitFacts } from './wait.ts';

/** What is known beside the records. */
export interface ReadingFacts extends ForecastFacts, WaitFacts {}

/**
 * Explains one run of a tree.
 *
 * @throws `RUN_UNKNOWN` when it is none of the tree
 */
export function explain(tree: RunTree, id: RunId, facts: ReadingFacts): Explanation {
  const run = tree.known(id);
  const { now } = facts;
  const failed = firstFailure(tree, run);
  const explained = {
    run: runFacts(run, now),
    ...(tree.holder === undefined ? {} : { holder: tree.holder }),
    whatItWaitsFor: waitsOf(tree, run, facts),
    ...(failed === undefined ? {} : { whatFailedFirst: failed }),
    whatWasRolledBack: [run, ...tree.below(id)]
      .filter(({ rolledBackAt }) => rolledBackAt !== undefined)
      .map(namedRun),
    whatWouldRunAgain: runsAgain(tree, run, facts),
    counts: countStates(tree.below(id)),
  };
  return { sentence: sentenceOf(explained, now), ...explained };
}
