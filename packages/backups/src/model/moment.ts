import { HoldfastError } from '@holdfast/core';

const MOMENT =
  /^(?<date>\d{4}-\d{2}-\d{2})(?:[T ](?<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(?<zone>Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * Reads a time as people write it: '2026-11-20T03:00', '2026-11-20 03:00:30', '2026-11-20' (its beginning). Without an
 * offset ('Z', '+01:00') it is read on the clock of this process, a date alone too.
 *
 * @throws `TIME_INVALID`
 */
export function momentOf(time: Date | string): Date {
  if (time instanceof Date && !Number.isNaN(time.getTime())) return time;
  const { date, time: clock = '00:00', zone = '' } = MOMENT.exec(String(time))?.groups ?? {};
  const found = new Date(`${date}T${clock}${zone}`);
  // The 30th of February would become the 2nd of March.
  const day = new Date(`${date}T00:00Z`);
  const isThere = !Number.isNaN(day.getTime()) && day.toISOString().slice(0, 10) === date;
  if (isThere && !Number.isNaN(found.getTime())) return found;
  throw new HoldfastError('TIME_INVALID', `${JSON.stringify(String(time))} is no time.`, {
    hint: "Write it as '2026-11-20T03:00', with an offset where this machine's clock is not meant: '2026-11-20T03:00Z'.",
    retryable: false,
  });
}
