import type { BACKUPS_GROUPS } from './backups-groups.ts';
import { inFile } from './proof.ts';
import type { Proof } from './proof.ts';

const TEST = 'packages/backups/test';
const AGE =
  'are told the age of the last restorable copy against its limit, what to do next, and the last lines';
const FOUND = 'finds %s';

/** Of each option of the ready-made flows, and of what they are made of, that may be left out. */
export const BACKUPS_PROOFS: {
  readonly [group in keyof typeof BACKUPS_GROUPS]: { readonly [option: string]: Proof };
} = {
  nightly: {
    ...inFile(`${TEST}/flows/nightly-backup.test.ts`, {
      bandwidth: 'takes no encryption, identities or bandwidth that are none',
    }),
    ...inFile(`${TEST}/flows/nightly-proof.test.ts`, {
      checks: 'asks the check of its source',
      scratchServer: 'is made on the server that is given',
      samples: 'may be of a sample of its source, which it says',
    }),
    ...inFile(`${TEST}/flows/nightly-options.test.ts`, {
      name: 'has the name that it is given',
      encryption: 'encrypts what it stores',
      identities: 'restores what it has encrypted with an identity',
      retention: 'removes what the policy does not keep, in every store, once tonight is proven',
      window: 'runs in its window alone',
      limits: 'are those of its engine: others are refused',
      lock: 'may be the lock of each set',
      notify: 'tells people the age of the last restorable copy against its limit',
      maxAge: 'tells people the age of the last restorable copy against its limit',
      times: 'tells people which attempt failed, and when the next one is',
      pings: 'tells a dead-man switch that it starts, and how it has ended',
      scratchRoot: 'makes scratch directories where it is told',
    }),
  },
  archiveOld: inFile(`${TEST}/flows/archive-old-backups.test.ts`, {
    name: 'has a name, and takes limits and locks that its engine must have',
    olderThan: 'copies those that are old enough, oldest first, and none twice',
    retention: 'then lets the first store forget what the policy does not keep',
    limits: 'has a name, and takes limits and locks that its engine must have',
    lock: 'has a name, and takes limits and locks that its engine must have',
    notify: 'removes nothing while a copy is missing, and tells people',
  }),
  healthCheck: inFile(`${TEST}/health/health-check.test.ts`, {
    name: 'tells nobody where nobody is named',
    limits: 'gives a verdict on each set, and tells people what has changed',
    notify: 'gives a verdict on each set, and tells people what has changed',
  }),
  healthLimits: inFile(`${TEST}/health/judge.test.ts`, {
    maxAge: 'is late when its newest backup is older than its limit, by a night and two hours',
    maxRestorableAge: 'is late when what is new is not restorable: a dump proves nothing',
    restoreProvenWithin: 'lacks a proof when no restore was proven for longer than its limit',
    copies: 'is degraded when a restorable backup lies in too few stores',
    sizeFactor: 'whose newest backup is %s than those before is %s',
  }),
  onChange: inFile(`${TEST}/notify/on-change.test.ts`, {
    topic: 'are told of each topic by itself',
    problem: AGE,
    stores: AGE,
    lastProvenAt: 'are told when it was last proven, where that is known',
    maxAge: AGE,
    remindAfter: 'are reminded as often as they wish',
    nextAttemptAt: AGE,
    task: AGE,
    app: AGE,
    resume: AGE,
  }),
  search: inFile(`${TEST}/catalog/search.test.ts`, {
    source: FOUND,
    kind: FOUND,
    from: FOUND,
    before: FOUND,
    level: FOUND,
    text: FOUND,
    limit: FOUND,
  }),
};
