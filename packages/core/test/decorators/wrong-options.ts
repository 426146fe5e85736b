/** Values as JavaScript may give them for any option. */
export const SAMPLES: { readonly [label: string]: unknown } = {
  null: null,
  true: true,
  zero: 0,
  five: 5,
  'below zero': -1,
  half: 0.5,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  bigint: 5n,
  'empty text': '',
  text: 'x',
  duration: '1h',
  'half a surrogate pair': 'a\uD800',
  symbol: Symbol('x'),
  object: {},
  list: [],
  'list of numbers': [5],
  'list of texts': ['x'],
  function: () => 'x',
  date: new Date(0),
  promise: Promise.resolve(1),
};

const TEXTS = ['empty text', 'text', 'duration', 'half a surrogate pair'];
const DURATIONS = ['zero', 'five', 'half', 'duration'];
const WAITS = ['five', 'half', 'duration'];

/** Of each option: the samples that it takes. All others are refused. */
export const TAKEN: { readonly [option: string]: readonly string[] } = {
  name: ['text', 'duration'],
  description: TEXTS,
  version: ['empty text', 'text', 'duration'],
  runName: [...TEXTS, 'function'],
  tags: ['list', 'list of texts'],
  retries: ['zero', 'five', 'Infinity'],
  retryIf: ['function'],
  timeout: WAITS,
  deadline: [...WAITS, 'date'],
  window: [],
  ifWontFit: [],
  grace: DURATIONS,
  maxRecoveries: ['zero', 'five', 'Infinity'],
  key: ['function'],
  input: [],
  inputs: ['object'],
  secretArgs: ['list', 'list of numbers', 'list of texts'],
  cache: ['function'],
  cacheFor: [],
  refreshCache: [],
  limits: ['list', 'list of texts'],
  whenLimited: [],
  onStart: ['function'],
  onSuccess: ['function'],
  onFailure: ['function'],
  onRetry: ['function'],
  onCancel: ['function'],
  onCrash: ['function'],
  onSkip: ['function'],
  waitFor: ['list'],
  concurrency: ['five', 'Infinity'],
  stopOnFailure: ['true'],
  durable: ['true'],
  stillValid: ['function'],
  resumeWithin: WAITS,
  resumeOtherVersions: ['function'],
};

/** Of the option `retries`, given as an object: the samples that each of its members takes. */
export const RETRIES_TAKE: { readonly [option: string]: readonly string[] } = {
  limit: ['zero', 'five', 'Infinity'],
  delay: [...DURATIONS, 'list of numbers', 'function'],
  backoff: [],
  factor: ['five'],
  maxDelay: DURATIONS,
  jitter: ['true', 'zero', 'half'],
  maxElapsed: DURATIONS,
};
