import { HoldfastError } from '../../errors/holdfast-error.ts';
import { limitKind, limitText } from '../../model/limit-name.ts';
import type { Outcome } from '../../model/outcome.ts';
import { toFailure } from '../../serial/failure-codec.ts';
import type { PermitWish } from '../../store/shared-state.ts';
import type { Cancellation } from '../cancellation.ts';
import { failed } from '../outcomes.ts';
import type { Performance } from '../performance.ts';
import type { Claim } from './claim.ts';
import type { Gate } from './gate.ts';
import { grantedTo, showWait } from './slot-wait.ts';

function limitReached(name: string, limits: readonly string[]): HoldfastError {
  return new HoldfastError(
    'LIMIT_REACHED',
    `'${name}' was refused: nothing is free of ${limits.map((limit) => limitText(limitKind(limit))).join(' and ')}.`,
    {
      hint: "Try again later, or let it wait: whenLimited: 'wait'.",
      context: { name, limits: [...limits] },
    },
  );
}

/** Lets an attempt begin once it has its share of every limit, and gives all of it back while its code only waits. */
class LimitGate implements Gate {
  readonly #run: Performance;
  readonly #wishes: readonly PermitWish[];
  #claim: Claim | undefined;
  /** An attempt is under way. */
  #inside = false;

  constructor(run: Performance, wishes: readonly PermitWish[]) {
    this.#run = run;
    this.#wishes = wishes;
  }

  async enter(): Promise<Outcome<unknown> | undefined> {
    const { definition, handle, cancellation } = this.#run;
    if (cancellation.reason !== undefined) return undefined;
    // What has begun is not refused its next attempt.
    const refuses = definition.whenLimited === 'refuse' && handle.run.attempts === 0;
    let reached: readonly string[] | undefined;
    const granted = await this.#take(this.#wishes, cancellation, (limits) => {
      if (!refuses) return showWait(this.#run, limits);
      reached = limits;
      return false;
    });
    this.#inside = granted;
    return granted || reached === undefined ? undefined : this.#refuse(reached);
  }

  suspend(): void {
    this.#claim?.release();
    this.#claim = undefined;
  }

  async resume(attempt: Cancellation): Promise<void> {
    // A rate counts what begins, and this has begun.
    const lasting = this.#wishes.filter(({ per }) => per === undefined);
    if (lasting.length === 0 || !this.#inside || attempt.reason !== undefined) return;
    // The execution is halted where the store cannot say: that ends the attempt.
    await this.#take(lasting, attempt).catch(() => undefined);
  }

  leave(): void {
    this.#inside = false;
    this.suspend();
  }

  settled(): void {
    this.leave();
  }

  #take(
    wishes: readonly PermitWish[],
    cancellation: Cancellation,
    onWait?: (limits: readonly string[]) => boolean,
  ): Promise<boolean> {
    const { execution, handle } = this.#run;
    const terms = { of: handle.run.id, wishes, cancellation };
    this.#claim = execution.engine.permits.claim(
      onWait === undefined ? terms : { ...terms, onWait },
    );
    return grantedTo(this.#run, this.#claim);
  }

  async #refuse(limits: readonly string[]): Promise<Outcome<unknown>> {
    const { execution, handle, dependsOn } = this.#run;
    const error = limitReached(handle.run.name, limits);
    const failure = toFailure(error, execution.engine.scrubber.scrub);
    await handle.apply(
      { type: 'fail', error: failure },
      dependsOn === undefined ? {} : { dependsOn },
    );
    return failed('FAILED', error);
  }
}

/** Of runs that take shares of limits. */
export function limitGate(run: Performance): Gate | undefined {
  const wishes = run.execution.engine.limits.wishesOf(run.definition);
  return wishes.length === 0 ? undefined : new LimitGate(run, wishes);
}
