import type { Failure } from '../model/failure.ts';
import type { RunId } from '../model/ids.ts';
import type { Dependency, Run } from '../model/run.ts';
import { isTerminal, type EpochMs, type State } from '../model/state.ts';
import { transition } from '../model/transition.ts';
import { decide } from '../rules/decide.ts';
import { standsAsItIs } from '../rules/replay.ts';
import { namedRun, type NamedRun } from './named-run.ts';
import { isElsewhere } from '../model/queued-run.ts';
import type { RunTree } from './run-tree.ts';

/** How many recoveries a run's definition allows; undefined where the definition is not known here. */
export type RecoveriesAllowed = (run: Run) => number | undefined;

/** What a forecast goes by, beside the records. */
export interface ForecastFacts {
  /** Epoch milliseconds. */
  readonly now: EpochMs;
  readonly recoveriesAllowed: RecoveriesAllowed;
  /** Why the top-level run would not be taken up again. */
  readonly refused?: Failure;
}

/**
 * What would be executed if the run were taken up again, as far as its code asks for the same again. By the rules of
 * the engine: what completed stands, unless what it took as input is run again.
 */
export interface RunsAgain {
  /** `recovery`: the top-level run has not ended, and its process dies or has died. `retry`: it has ended, and `engine.retry()` runs it again. */
  readonly by: 'recovery' | 'retry';
  /** What would be executed, or skipped where its input fails again: the run itself included, in the order of the tree. */
  readonly runs: readonly NamedRun[];
  /** How many completed runs would give their result again, without being executed. */
  readonly kept: number;
  /** What a recovery would end instead, because its recoveries are used up, its flow refuses it, or it was being cancelled. */
  readonly ended: readonly { readonly run: NamedRun; readonly as: 'CRASHED' | 'CANCELLED' }[];
  /** Why the engine that was asked would refuse to take the top-level run up again, where it knows its flow and would. */
  readonly refused?: Failure;
  /** Recoveries of the run itself. `allowed` is absent where its definition is not known. */
  readonly recoveries: { readonly used: number; readonly allowed?: number };
}

/** What becomes of one run. `after` is the record it would go on with. */
type Fate =
  | { readonly kind: 'stands'; readonly after: Run }
  | { readonly kind: 'again'; readonly after: Run }
  | { readonly kind: 'ends'; readonly after: Run; readonly as: 'CRASHED' | 'CANCELLED' };

/** The record with its next attempt under way. */
function started(run: Run, now: EpochMs): Run {
  const result = transition(run, { type: 'start' }, { now });
  return result.ok ? result.run : run;
}

function endsAs(state: State): 'CRASHED' | 'CANCELLED' {
  return state.type === 'CRASHED' ? 'CRASHED' : 'CANCELLED';
}

/** Foretells what becomes of each run of a tree. */
class Forecast {
  readonly #tree: RunTree;
  readonly #now: EpochMs;
  readonly #allowed: RecoveriesAllowed;
  readonly #refused: boolean;
  readonly #fates = new Map<RunId, Fate>();

  constructor(tree: RunTree, { now, recoveriesAllowed, refused }: ForecastFacts) {
    this.#tree = tree;
    this.#now = now;
    this.#allowed = recoveriesAllowed;
    this.#refused = refused !== undefined;
  }

  /** Asks first for what a fate depends on: chains may be long, so nothing here calls itself. */
  fateOf(run: Run): Fate {
    const asked = new Set([run.id]);
    const rest = [run];
    for (let next = rest.at(-1); next !== undefined; next = rest.at(-1)) {
      const missing = this.#needs(next).filter(({ id }) => !this.#fates.has(id) && !asked.has(id));
      for (const each of missing) {
        asked.add(each.id);
        rest.push(each);
      }
      if (missing.length > 0) continue;
      if (!this.#fates.has(next.id)) this.#fates.set(next.id, this.#decide(next));
      rest.pop();
    }
    return this.#fates.get(run.id) as Fate;
  }

  #needs(run: Run): readonly Run[] {
    const needs = run.kind === 'task' ? run.dependsOn.map(({ runId }) => runId) : [];
    return [run.parentId, ...needs].flatMap((id) => this.#tree.get(id) ?? []);
  }

  #decide(run: Run): Fate {
    if (run.id === this.#tree.root.id) return this.#ofRoot(run);
    const parent = this.#fates.get(run.parentId as RunId);
    if (parent?.kind === 'ends' && !isTerminal(run.state)) {
      return { kind: 'ends', after: run, as: parent.as };
    }
    if (parent?.kind !== 'again') return { kind: 'stands', after: run };
    // It goes on elsewhere meanwhile, and its outcome is found.
    if (!isTerminal(run.state) && isElsewhere(run)) return { kind: 'stands', after: run };
    if (!isTerminal(run.state)) return this.#recovered(run);
    const { generation, attempts } = parent.after;
    return standsAsItIs(run, this.#inputsOf(run), `${generation}.${attempts}`)
      ? { kind: 'stands', after: run }
      : this.#retried(run);
  }

  #ofRoot(run: Run): Fate {
    if (isTerminal(run.state)) return this.#retried(run);
    if (this.#refused) return { kind: 'ends', after: run, as: 'CRASHED' };
    return this.#tree.cancelReason === undefined
      ? this.#recovered(run)
      : { kind: 'ends', after: run, as: 'CANCELLED' };
  }

  #inputsOf(run: Run): readonly Dependency[] {
    const needs = run.kind === 'task' ? run.dependsOn : [];
    return needs.map((then) => {
      const generation = this.#fates.get(then.runId)?.after.generation ?? then.generation;
      return { runId: then.runId, generation };
    });
  }

  #retried(run: Run): Fate {
    const again = transition(run, { type: 'again' }, { now: this.#now });
    return { kind: 'again', after: started(again.ok ? again.run : run, this.#now) };
  }

  #recovered(run: Run): Fate {
    const underWay = run.state.type === 'RUNNING' || run.state.type === 'CANCELLING';
    if (!underWay) return { kind: 'again', after: started(run, this.#now) };
    const maxRecoveries = this.#allowed(run);
    const facts = { now: this.#now, ...(maxRecoveries === undefined ? {} : { maxRecoveries }) };
    const left = decide(run, { type: 'interrupt', crashed: true }, facts);
    if (!left.ok) return { kind: 'stands', after: run };
    return isTerminal(left.run.state)
      ? { kind: 'ends', after: left.run, as: endsAs(left.run.state) }
      : { kind: 'again', after: started(left.run, this.#now) };
  }
}

/** What would be executed of a run and all below it: on a recovery while its top-level run is open, else on a retry. */
export function runsAgain(tree: RunTree, run: Run, facts: ForecastFacts): RunsAgain {
  const { recoveriesAllowed, refused } = facts;
  const forecast = new Forecast(tree, facts);
  const fates = [run, ...tree.below(run.id)].map((each) => ({
    run: namedRun(each),
    completed: each.state.type === 'COMPLETED',
    fate: forecast.fateOf(each),
  }));
  const allowed = recoveriesAllowed(run);
  return {
    by: isTerminal(tree.root.state) ? 'retry' : 'recovery',
    runs: fates.filter(({ fate }) => fate.kind === 'again').map((each) => each.run),
    kept: fates.filter(({ fate, completed }) => completed && fate.kind === 'stands').length,
    ended: fates.flatMap(({ fate, run: named }) =>
      fate.kind === 'ends' ? [{ run: named, as: fate.as }] : [],
    ),
    ...(refused === undefined ? {} : { refused }),
    recoveries: { used: run.recoveries, ...(allowed === undefined ? {} : { allowed }) },
  };
}
