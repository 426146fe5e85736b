import { optionsInvalid } from '../errors/errors.ts';
import { durationMs, type Duration } from '../model/duration.ts';
import type { OtherVersions, ResumePolicy } from '../policies/resume.ts';
import type { GivenOptions } from './definition.ts';

function withinOf(what: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const ms = durationMs(value as Duration, `${what}: resumeWithin`);
  if (ms > 0) return ms;
  throw optionsInvalid(
    what,
    'a resumeWithin of 0 would let no run go on',
    'Give maxRecoveries: 0 for a flow that is not taken up after a crash.',
  );
}

/**
 * Under what a flow may be taken up again, from its options.
 *
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`
 */
export function resumePolicy(what: string, options: GivenOptions): ResumePolicy {
  const { resumeOtherVersions: otherVersions = 'allow' } = options;
  if (
    otherVersions !== 'allow' &&
    otherVersions !== 'refuse' &&
    typeof otherVersions !== 'function'
  ) {
    throw optionsInvalid(
      what,
      "resumeOtherVersions must be 'allow', 'refuse' or a function",
      'Give one of them, or leave it out.',
    );
  }
  return {
    within: withinOf(what, options['resumeWithin']),
    otherVersions: otherVersions as OtherVersions,
  };
}
