import type { StandardSchemaV1 } from '@standard-schema/spec';
import { checkValue, isSchema } from '../../definition/schema-check.ts';
import { optionsInvalid } from '../../errors/errors.ts';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { inputRefused, inputTimedOut } from '../../errors/waiting-errors.ts';
import { durationMs, type Duration } from '../../model/duration.ts';
import type { GivenInput } from '../../model/shared-state.ts';
import type { EpochMs } from '../../model/state.ts';
import type { Cancellation } from '../cancellation.ts';
import type { Scope } from '../scope.ts';
import { stretchIn } from '../stretch.ts';
import { GivenInputs, refusalSlot } from './given-inputs.ts';

/** How an input is waited for. */
export interface InputOptions<S extends StandardSchemaV1 = StandardSchemaV1> {
  /**
   * What the value has to fit; what it makes of the value is what the code gets. Default: that which the definition
   * declares under its option `inputs`; without one, any value is taken.
   */
  readonly schema?: S;
  /** How long to wait before giving up with `INPUT_TIMED_OUT`. Default: no bound. */
  readonly timeout?: Duration;
}

const FIRST_LOOK = 100;
/** How long it takes at most until a value that another process gave is noticed. */
export const LONGEST_LOOK = 5000;

/** One question that the code of an attempt asks. */
export class InputPause {
  readonly #scope: Scope;
  readonly #name: string;
  readonly #slot: string;
  readonly #schema: StandardSchemaV1 | undefined;
  readonly #timeout: number | undefined;
  /** Stops the code that asks. */
  readonly #within: Cancellation;
  #arrived = false;
  #wake = (): void => undefined;

  /**
   * @param place how often the attempt has asked under this name before
   * @throws `OPTIONS_INVALID`, `DURATION_INVALID`
   */
  constructor(scope: Scope, name: string, place: number, options: InputOptions) {
    const { schema, timeout } = options;
    const what = `The input '${name}'`;
    if (schema !== undefined && !isSchema(schema)) {
      throw optionsInvalid(
        what,
        'schema is no Standard Schema',
        'Zod, Valibot, ArkType make them.',
      );
    }
    this.#scope = scope;
    this.#within = stretchIn(scope).cancellation;
    this.#name = name;
    this.#slot = `input:${name}:${place}`;
    this.#schema = schema ?? scope.definition.inputs[name];
    this.#timeout = timeout === undefined ? undefined : durationMs(timeout, `${what}: timeout`);
  }

  /**
   * The value: at once where it was given already.
   *
   * @throws `INPUT_TIMED_OUT`; why the attempt was told to stop
   */
  async value(): Promise<unknown> {
    const { execution, run, tryName } = this.#scope;
    // It had given up before its process died: it does so again, whatever was given since.
    if (execution.recall(run.id, tryName, `${this.#slot}:over`) !== undefined) {
      throw this.#giveUp();
    }
    const until = this.#until();
    const leave = execution.engine.desk.enter({
      runId: run.id,
      name: this.#name,
      schema: this.#schema,
      arrived: () => {
        this.#arrived = true;
        this.#wake();
      },
    });
    try {
      const given = await this.#look();
      if (given !== undefined) return given.value;
      if (until !== undefined && until <= execution.clock.now()) throw this.#timedOut();
      return await this.#paused(until);
    } finally {
      leave();
    }
  }

  #paused(until: EpochMs | undefined): Promise<unknown> {
    const awaited = { input: this.#name, ...(until === undefined ? {} : { until }) };
    const { pauses } = this.#scope;
    return this.#scope.waiting(
      pauses.during(awaited, this.#within, (cancellation) => this.#wait(until, cancellation)),
    );
  }

  #until(): EpochMs | undefined {
    const { execution, run, tryName } = this.#scope;
    const timeout = this.#timeout;
    if (timeout === undefined) return undefined;
    const make = (): EpochMs => execution.clock.now() + timeout;
    return execution.recordedValue(run.id, tryName, `${this.#slot}:until`, make);
  }

  /** Looks in the store, at once when a value was given here, and from time to time for those given elsewhere. */
  async #wait(until: EpochMs | undefined, cancellation: Cancellation): Promise<unknown> {
    const { clock } = this.#scope.execution;
    for (let pause = FIRST_LOOK; ; pause = Math.min(pause * 2, LONGEST_LOOK)) {
      const left = until === undefined ? Infinity : until - clock.now();
      const reason = await this.#rest(Math.min(pause, left), cancellation);
      if (reason !== undefined) throw reason;
      const given = await this.#lookIfPossible();
      if (given !== undefined) return given.value;
      if (until !== undefined && until <= clock.now()) throw this.#timedOut();
    }
  }

  /** Waits until it is time to look; gives the reason when told to stop. */
  #rest(ms: number, cancellation: Cancellation): Promise<Error | undefined> {
    return new Promise((resolve) => {
      let stopListening = (): void => undefined;
      const timer = this.#scope.execution.clock.setTimer(Math.max(0, ms), () => end(undefined));
      const end = (reason: Error | undefined): void => {
        timer.clear();
        stopListening();
        this.#arrived = false;
        resolve(reason);
      };
      this.#wake = () => end(undefined);
      stopListening = cancellation.onAbort(end);
      if (this.#arrived) end(undefined);
    });
  }

  async #lookIfPossible(): Promise<{ readonly value: unknown } | undefined> {
    try {
      return await this.#look();
    } catch (error) {
      if (!isHoldfastError(error) || !error.retryable) throw error;
      const { execution, run } = this.#scope;
      const facts = { runId: run.id, input: this.#name, err: error };
      execution.engine.logger.warn(facts, 'an input could not be looked for');
      return undefined;
    }
  }

  async #look(): Promise<{ readonly value: unknown } | undefined> {
    const { execution, run } = this.#scope;
    const given = await GivenInputs.read(execution.engine, run);
    for (;;) {
      const standing = given.standing(this.#name);
      if (standing === undefined) return undefined;
      const value = execution.engine.codec.decode(standing.value);
      if (this.#schema === undefined) return { value };
      const checked = await checkValue(this.#schema, value);
      if (checked.ok) return { value: checked.value };
      this.#refuse(standing, checked.problems);
      given.refuse(standing);
    }
  }

  /** A value was written that nobody had checked: another one is waited for. */
  #refuse(given: GivenInput, problems: readonly string[]): void {
    const { execution, run } = this.#scope;
    const { events, scrubber } = execution.engine;
    execution.recordedValue(run.id, String(run.generation), refusalSlot(given), () => 'refused');
    const { code, message } = inputRefused(run, this.#name, problems);
    events.emit('warning', { code, message: scrubber.scrub(message), runId: run.id });
  }

  #timedOut(): Error {
    const { execution, run, tryName } = this.#scope;
    execution.recordedValue(run.id, tryName, `${this.#slot}:over`, () => execution.clock.now());
    return this.#giveUp();
  }

  #giveUp(): Error {
    const { run, pauses } = this.#scope;
    const error = inputTimedOut(run, this.#name, this.#timeout ?? 0);
    pauses.gaveUp.add(error);
    return error;
  }
}
