import { firstRunId } from '@holdfast/core';
import type { RunId, RunQuery } from '@holdfast/core';

/** A list as the worker is asked for it: times of making stand in ids. */
export type ListTerms = Omit<RunQuery, 'createdFrom' | 'createdBefore'> & {
  /** Only runs with this id or a greater one. */
  readonly idFrom?: RunId;
  /** Only runs with a lesser id. */
  readonly idBefore?: RunId;
};

/** What a query asks of the worker. */
export function listTerms({ createdFrom, createdBefore, ...terms }: RunQuery): ListTerms {
  return {
    ...terms,
    ...(createdFrom === undefined ? {} : { idFrom: firstRunId(createdFrom) }),
    ...(createdBefore === undefined ? {} : { idBefore: firstRunId(createdBefore) }),
  };
}
