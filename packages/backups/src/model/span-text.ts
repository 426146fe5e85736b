const HOUR = 3_600_000;

/** A stretch of time for people: '26.0 hours', from two days on '3.5 days'. */
export function spanText(ms: number): string {
  const hours = ms / HOUR;
  return hours < 48 ? `${hours.toFixed(1)} hours` : `${(hours / 24).toFixed(1)} days`;
}
