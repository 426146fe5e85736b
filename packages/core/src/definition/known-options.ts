import { HOOKS } from './option-types.ts';

const SHARED: readonly string[] = [
  'name',
  'description',
  'version',
  'runName',
  'tags',
  'retries',
  'retryIf',
  'timeout',
  'deadline',
  'window',
  'ifWontFit',
  'grace',
  'maxRecoveries',
  'key',
  'input',
  'inputs',
  'secretArgs',
  'cache',
  'cacheFor',
  'refreshCache',
  'limits',
  'whenLimited',
  ...HOOKS,
];

/** Every option there is, by what takes it. */
export const KNOWN_OPTIONS: { readonly [kind in 'flow' | 'task']: ReadonlySet<string> } = {
  task: new Set([...SHARED, 'queue', 'waitFor', 'concurrency', 'stopOnFailure', 'stillValid']),
  flow: new Set([...SHARED, 'durable', 'resumeWithin', 'resumeOtherVersions']),
};
