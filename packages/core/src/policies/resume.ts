import type { CodeVersion } from '../model/code-version.ts';
import type { Failure } from '../model/failure.ts';
import type { EpochMs } from '../model/state.ts';

/** Whether a run may go on under another version of the code: a throw means no. */
export type OtherVersions = 'allow' | 'refuse' | ((then: CodeVersion, now: CodeVersion) => boolean);

/** Under what a flow may be taken up again. */
export interface ResumePolicy {
  /** Milliseconds since it was interrupted; undefined: no bound. */
  readonly within: number | undefined;
  readonly otherVersions: OtherVersions;
}

/** What is known of a run that is about to be taken up again. */
export interface Resumption {
  /** Since when nobody has gone on with it. */
  readonly since: EpochMs;
  /** The code that executed it last. */
  readonly before: CodeVersion;
  /** The code that is about to. */
  readonly now: CodeVersion;
}

/** Whether two versions differ in something that both of them name: what one does not name, nobody knows. */
export function isOtherVersion(then: CodeVersion, now: CodeVersion): boolean {
  const differs = (a: string | undefined, b: string | undefined): boolean =>
    a !== undefined && b !== undefined && a !== b;
  return differs(then.codeVersion, now.codeVersion) || differs(then.gitCommit, now.gitCommit);
}

/** A version for people. */
export function versionText({ codeVersion, gitCommit }: CodeVersion): string {
  const commit = gitCommit === undefined ? undefined : `commit ${gitCommit}`;
  return [codeVersion, commit].filter((part) => part !== undefined).join(', ') || 'unknown';
}

function allowed(policy: OtherVersions, then: CodeVersion, now: CodeVersion): boolean {
  if (typeof policy === 'string') return policy === 'allow';
  try {
    return policy(then, now);
  } catch {
    return false;
  }
}

function refusal(code: string, message: string, hint: string): Failure {
  return { name: 'HoldfastError', code, message, hint, retryable: false };
}

/** Why a flow's run may not be taken up again; undefined when it may. Pure, but for the policy's own function. */
export function resumeRefusal(
  { within, otherVersions }: ResumePolicy,
  { since, before, now }: Resumption,
  { name, at }: { readonly name: string; readonly at: EpochMs },
): Failure | undefined {
  if (within !== undefined && at - since > within) {
    return refusal(
      'RESUME_TOO_LATE',
      `'${name}' was interrupted ${at - since} ms ago, and may be taken up again within ${within} ms.`,
      'Start it anew; or run it again with engine.retry(), which keeps what had completed; or raise resumeWithin.',
    );
  }
  if (!isOtherVersion(before, now) || allowed(otherVersions, before, now)) return undefined;
  return refusal(
    'VERSION_REFUSED',
    `'${name}' was executed by another version of the code (${versionText(before)}), and may not go on under this one (${versionText(now)}).`,
    'Run it again with engine.retry(), which goes on under this version; or take it up with the earlier one.',
  );
}
