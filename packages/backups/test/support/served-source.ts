import { HoldfastError } from '@holdfast/core';
import { type ServerSource, sourceOfKind } from '@holdfast/backups';

const { identity, dump, guide } = sourceOfKind('sqlite');

/** Dumps like SQLite, and says which server it was to restore to. */
export const served: ServerSource = {
  kind: 'served',
  restoresTo: 'server',
  identity,
  dump,
  guide,
  openScratch: (_backup, on) =>
    Promise.reject(new HoldfastError('ASKED', `on ${on?.host}`, { retryable: false })),
  openTarget: () => Promise.reject(new Error('not asked')),
};
