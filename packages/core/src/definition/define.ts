import { optionsInvalid } from '../errors/errors.ts';
import type { Waitable } from '../future/task-future.ts';
import { durationMs, type Duration } from '../model/duration.ts';
import { retryPolicy, type Retries, type RetryInfo } from '../policies/retry.ts';
import { cacheRule } from './cache-options.ts';
import { isPlain } from '../serial/is-plain.ts';
import type { Definition, GivenOptions, InputCheck, Loose } from './definition.ts';
import { limitShares, whenLimited } from './limit-options.ts';
import { checkOptionTypes, HOOKS } from './option-types.ts';
import { KNOWN_OPTIONS } from './known-options.ts';
import { queueOption } from './queue-option.ts';
import { resumePolicy } from './resume-options.ts';
import { runNameOption } from './run-name.ts';
import { isSchema, isSchemas, schemaCheck } from './schema-check.ts';
import { secretArgsOf } from './secret-args.ts';
import { timeLimitsOf } from './time-options.ts';
import { wholeNumber } from './whole-number.ts';

/** Options that may hold a run up before an attempt. */
const GATED: readonly string[] = ['window', 'cache', 'limits', 'tags'];
const DEFAULT_GRACE = 10_000;
const DEFAULT_RECOVERIES = 3;
const DEFAULT_CONCURRENCY = 100;

function checkShape(kind: 'flow' | 'task', what: string, options: GivenOptions): void {
  for (const option of Object.keys(options)) {
    if (options[option] === undefined || KNOWN_OPTIONS[kind].has(option)) continue;
    throw optionsInvalid(
      what,
      `there is no option '${option}' for a ${kind}`,
      `Options of a ${kind}: ${[...KNOWN_OPTIONS[kind]].join(', ')}.`,
    );
  }
  checkOptionTypes(what, options);
}

function timeoutOf(what: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const ms = durationMs(value as Duration, `${what}: timeout`);
  if (ms > 0) return ms;
  throw optionsInvalid(what, 'a timeout of 0 would let nothing run', 'Leave it out for no bound.');
}

function nameOf(kind: 'flow' | 'task', fn: Loose, options: GivenOptions): string {
  const name: unknown = options.name === undefined ? fn.name : options.name;
  const what = `A ${kind}`;
  if (typeof name !== 'string') {
    throw optionsInvalid(what, 'its name must be a text', "Give { name: '…' }.");
  }
  if (name.trim() === '') {
    throw optionsInvalid(
      what,
      'it has no name',
      `Give { name: '…' }, or name the function. The name identifies its runs after a restart.`,
    );
  }
  if (!name.isWellFormed() || name.includes('\0')) {
    throw optionsInvalid(
      what,
      'its name holds U+0000 or half a surrogate pair',
      'Give it another.',
    );
  }
  return name;
}

function hooksOf(options: GivenOptions): Definition['hooks'] {
  return Object.fromEntries(
    HOOKS.flatMap((hook) => (options[hook] === undefined ? [] : [[hook, options[hook] as Loose]])),
  );
}

/** How often its function is called, and for how long. */
function attemptOptions(
  what: string,
  options: GivenOptions,
): Pick<Definition, 'retry' | 'timeout' | 'grace' | 'maxRecoveries'> {
  const { retries, retryIf, timeout, grace, maxRecoveries } = options;
  return {
    retry: retryPolicy(
      retries as number | Retries | undefined,
      retryIf as ((error: unknown, info: RetryInfo) => boolean) | undefined,
      what,
    ),
    timeout: timeoutOf(what, timeout),
    grace: durationMs(grace === undefined ? DEFAULT_GRACE : (grace as Duration), `${what}: grace`),
    maxRecoveries: wholeNumber(what, 'maxRecoveries', maxRecoveries, 0, DEFAULT_RECOVERIES),
  };
}

/** What is said of one call. */
function callOptions(
  what: string,
  options: GivenOptions,
): Pick<Definition, 'waitFor' | 'concurrency' | 'stopOnFailure'> {
  return {
    waitFor: (options['waitFor'] as readonly Waitable[] | undefined) ?? [],
    concurrency: wholeNumber(what, 'concurrency', options['concurrency'], 1, DEFAULT_CONCURRENCY),
    stopOnFailure: options['stopOnFailure'] === true,
  };
}

function inputCheck(what: string, options: GivenOptions, name: string): InputCheck | undefined {
  if (options.input === undefined) return undefined;
  if (isSchemas(options.input)) return schemaCheck(options.input, name);
  throw optionsInvalid(
    what,
    'input must be a Standard Schema, or a list of them',
    'Zod 4, Valibot 1 and ArkType 2 make them.',
  );
}

function inputsOf(what: string, inputs: unknown): Definition['inputs'] {
  if (inputs === undefined) return {};
  const named = typeof inputs === 'object' && inputs !== null && isPlain(inputs);
  if (named && Object.values(inputs).every(isSchema)) return inputs as Definition['inputs'];
  throw optionsInvalid(
    what,
    'inputs must be Standard Schemas by name',
    'Write { inputs: { approval: z.boolean() } }.',
  );
}

/**
 * Checks the options of a flow or task and fills in the defaults.
 *
 * @param types checks arguments against the types of a decorated method's parameters, where no schema is given
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`: at definition, never later
 */
export function define(
  kind: 'flow' | 'task',
  fn: Loose,
  options: GivenOptions,
  self?: unknown,
  types?: InputCheck,
): Definition {
  const name = nameOf(kind, fn, options);
  const what = `The ${kind} '${name}'`;
  checkShape(kind, what, options);
  return {
    kind,
    name,
    fn,
    self,
    description: options['description'] as string | undefined,
    version: options['version'] as string | undefined,
    runName: runNameOption(what, fn, options['runName']),
    tags: (options['tags'] as readonly string[] | undefined) ?? [],
    ...attemptOptions(what, options),
    ...timeLimitsOf(what, options),
    key: options['key'] as Definition['key'],
    hooks: hooksOf(options),
    checkInput: inputCheck(what, options, name) ?? types,
    inputs: inputsOf(what, options['inputs']),
    secretArgs: secretArgsOf(what, options['secretArgs']),
    durable: options['durable'] === true,
    resume: resumePolicy(what, options),
    stillValid: options['stillValid'] as Definition['stillValid'],
    ...callOptions(what, options),
    queue: queueOption(what, options),
    cache: cacheRule(kind, what, fn, options),
    limits: limitShares(what, options['limits']),
    whenLimited: whenLimited(what, options),
    gated: GATED.some((option) => options[option] !== undefined),
    given: options,
  };
}

/** The same definition with some options replaced. */
export function redefine(definition: Definition, options: GivenOptions): Definition {
  const types = definition.given.input === undefined ? definition.checkInput : undefined;
  return define(
    definition.kind,
    definition.fn,
    { ...definition.given, name: definition.name, ...options },
    definition.self,
    types,
  );
}
