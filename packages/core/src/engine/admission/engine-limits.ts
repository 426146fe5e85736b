import type { Definition } from '../../definition/definition.ts';
import { isKeepable, type Limit } from '../../definition/limit-options.ts';
import { optionsInvalid } from '../../errors/errors.ts';
import { durationMs } from '../../model/duration.ts';
import { limitOfTag, RESERVED_PREFIX } from '../../model/limit-name.ts';
import type { PermitWish } from '../../store/shared-state.ts';
import type { EngineOptions } from '../engine-options.ts';

type Capacity = Pick<PermitWish, 'capacity' | 'per'>;

const WHAT = 'The engine';

function capacityOf(of: string, limit: Limit): Capacity {
  const { rate, per, ...rest } =
    typeof limit === 'object' ? limit : { rate: limit, per: undefined };
  if (!Number.isSafeInteger(rate) || rate < 1 || Object.keys(rest).length > 0) {
    throw optionsInvalid(
      WHAT,
      `the limit of ${of} must be a number of slots, or a rate`,
      "Write 4, or { rate: 100, per: '1m' }; the numbers are whole and from 1.",
    );
  }
  if (typeof limit === 'number') return { capacity: rate };
  const ms = durationMs(per as never, `The limit of ${of}`);
  if (ms > 0) return { capacity: rate, per: ms };
  throw optionsInvalid(WHAT, `the rate of ${of} needs a span above 0`, 'Correct its per.');
}

/** The limits that an engine knows, and what runs want of them. */
export class EngineLimits {
  readonly #capacities = new Map<string, Capacity>();
  readonly #tagged = new Map<string, PermitWish>();

  /** Throws `OPTIONS_INVALID`, `DURATION_INVALID`. */
  constructor({ limits = {}, tagLimits = {} }: Pick<EngineOptions, 'limits' | 'tagLimits'>) {
    for (const [name, limit] of Object.entries(limits)) {
      if (!isKeepable(name) || name.startsWith(RESERVED_PREFIX)) {
        throw optionsInvalid(
          WHAT,
          `'${name}' cannot be the name of a limit`,
          `Give it another, which does not begin with ${RESERVED_PREFIX}`,
        );
      }
      this.#capacities.set(name, capacityOf(`'${name}'`, limit));
    }
    for (const [tag, limit] of Object.entries(tagLimits)) {
      if (!isKeepable(tag)) {
        throw optionsInvalid(WHAT, 'no run can have the tag of a limit', 'Give it another.');
      }
      const capacity = capacityOf(`the tag '${tag}'`, limit);
      this.#tagged.set(tag, { limit: limitOfTag(tag), slots: 1, ...capacity });
    }
  }

  /**
   * Refuses a definition that no run of could ever start.
   *
   * @throws `OPTIONS_INVALID`
   */
  check({ kind, name: of, limits }: Definition): void {
    for (const { name, slots } of limits) {
      const what = `The ${kind} '${of}'`;
      const known = this.#capacities.get(name);
      if (known === undefined) {
        throw optionsInvalid(
          what,
          `it wants the limit '${name}', which the engine does not have`,
          `Give it to createEngine({ limits: { ${name}: … } }). Known: ${[...this.#capacities.keys()].join(', ') || 'none'}.`,
        );
      }
      if (slots <= known.capacity) continue;
      throw optionsInvalid(
        what,
        `it wants ${slots} slots of the limit '${name}', which has ${known.capacity}`,
        'Raise the limit, or want less of it.',
      );
    }
  }

  /** What each attempt of a definition's runs takes; empty for most. */
  wishesOf({ limits, tags }: Definition): readonly PermitWish[] {
    const named = limits.map(({ name, slots }) => ({
      limit: name,
      slots,
      ...(this.#capacities.get(name) as Capacity),
    }));
    return [...named, ...new Set(tags.flatMap((tag) => this.#tagged.get(tag) ?? []))];
  }
}
