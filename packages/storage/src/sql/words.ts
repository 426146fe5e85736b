import type { StateName } from '@holdfast/core';
import type { AliasedExpression, RawBuilder, Selectable } from 'kysely';
import type { LeaseTable } from './tables.ts';

/** What databases say each in words of its own. */
export interface Words {
  /** The table of leases as the index of those of open top-level runs is asked. */
  readonly openLeases: AliasedExpression<Selectable<LeaseTable>, 'lease'>;
  /** The root of a line, where the lines of one run are looked for. */
  readonly rootOfLine: RawBuilder<string>;
  /** The schedule of a run, in the words of the index on it. */
  readonly schedule: RawBuilder<string>;
  /** Whether a run's state has one of these names. What does not parse is for the decoding to refuse. */
  isNamed(names: readonly StateName[]): RawBuilder<boolean>;
  /** Whether a run carries this tag now: a list may hold runs that lost it. What does not parse is for the decoding to refuse. */
  carries(tag: string): RawBuilder<boolean>;
}
