import { optionsInvalid } from '../errors/errors.ts';
import type { CodeVersion } from '../model/code-version.ts';
import type { FlowRun } from '../model/run.ts';
import type { EpochMs } from '../model/state.ts';
import type { EngineOptions } from './engine-options.ts';

/** Where build and hosting services name the commit. */
const COMMIT_VARIABLES = `
  GIT_COMMIT SOURCE_COMMIT COMMIT_SHA GITHUB_SHA CI_COMMIT_SHA HEROKU_SLUG_COMMIT RENDER_GIT_COMMIT
  RAILWAY_GIT_COMMIT_SHA VERCEL_GIT_COMMIT_SHA BUILD_VCS_NUMBER
`
  .trim()
  .split(/\s+/);
const COMMIT = /^[0-9a-f]{7,64}$/i;
const LONGEST = 200;

type Environment = Readonly<Record<string, string | undefined>>;

function commitIn(environment: Environment): string | undefined {
  return COMMIT_VARIABLES.map((name) => environment[name]?.trim()).find(
    (value) => value !== undefined && COMMIT.test(value),
  );
}

function checked(option: string, text: unknown): string | undefined {
  if (text === undefined) return undefined;
  const kept = typeof text === 'string' && text.isWellFormed() && !/\p{Cc}/u.test(text);
  if (kept && text !== '' && text.length <= LONGEST) return text;
  throw optionsInvalid(
    'The engine',
    `${option} must be a text of one line, at most ${LONGEST} characters`,
    `Give a version such as '2.4.0', or leave ${option} out.`,
  );
}

/**
 * The code that an engine executes, as far as its host and the environment say. Where the process stands says nothing
 * of it: no folder is read.
 *
 * @throws `OPTIONS_INVALID`
 */
export function versionOf(
  options: Pick<EngineOptions, 'codeVersion' | 'gitCommit'>,
  environment: Environment,
): CodeVersion {
  const codeVersion = checked('codeVersion', options.codeVersion);
  const gitCommit = checked('gitCommit', options.gitCommit) ?? commitIn(environment);
  return {
    ...(codeVersion === undefined ? {} : { codeVersion }),
    ...(gitCommit === undefined ? {} : { gitCommit }),
  };
}

/** The code that executed a run last. */
export function versionIn({ codeVersion, gitCommit }: FlowRun): CodeVersion {
  return {
    ...(codeVersion === undefined ? {} : { codeVersion }),
    ...(gitCommit === undefined ? {} : { gitCommit }),
  };
}

/** The record of a run that goes on under a version; what it was executed by before stays known. */
export function executedBy(run: FlowRun, now: CodeVersion, at: EpochMs): FlowRun {
  const { codeVersion, gitCommit, earlierVersions = [], ...rest } = run;
  if (codeVersion === now.codeVersion && gitCommit === now.gitCommit) return run;
  const then = versionIn(run);
  const known = codeVersion !== undefined || gitCommit !== undefined;
  const earlier = known ? [...earlierVersions, { ...then, until: at }] : earlierVersions;
  return { ...rest, ...now, ...(earlier.length === 0 ? {} : { earlierVersions: earlier }) };
}
