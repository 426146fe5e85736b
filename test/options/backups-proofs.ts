import type { BACKUPS_GROUPS } from './backups-groups.ts';
import { inFile } from './proof.ts';
import type { Proof } from './proof.ts';

const TEST = 'packages/backups/test';
const AGE =
  'are told the age of the last restorable copy against its limit, what to do next, and the last lines';
const FOUND = 'finds %s';

const ADDRESS = 'takes every part of an address as it is given';
const BY_HAND = 'is archived, proven with its identity and no other, and restored, also by hand';
const PASSWORDS = 'logs in with the password %s, which nobody can see';
const TLS = 'is asked for, and the server is known by its certificate';
const TOLD = '%s is told, and nothing is stored';

/** Of each option of the sources, of the ready-made flows, and of what they are made of, that may be left out. */
export const BACKUPS_PROOFS: {
  readonly [group in keyof typeof BACKUPS_GROUPS]: { readonly [option: string]: Proof };
} = {
  postgresSource: {
    ...inFile(`${TEST}/postgres-source.test.ts`, {
      port: 'comes back in a server of its own, as it was',
      globals:
        'holds passwords of roles only when it is told to, and no globals at all when it is told so',
      jobs: 'is dumped by several processes at once into a tar, and proven and restored from that',
    }),
    ...inFile(`${TEST}/postgres-content.test.ts`, {
      hashUpTo:
        'is everything of a small database, unless less is asked for: from the smallest table up',
    }),
    ...inFile(`${TEST}/postgres-bad-input.test.ts`, {
      password: PASSWORDS,
      tls: TOLD,
      programs: TOLD,
    }),
    ...inFile(`${TEST}/postgres-spec.test.ts`, { host: ADDRESS, lockWait: 'is refused with %s' }),
  },
  postgresTarget: {
    ...inFile(`${TEST}/postgres-restore.test.ts`, {
      port: 'goes into a database that is new',
      database: 'goes into a database that is new',
      from: 'with several databases wants to know which one',
      roles: 'keeps owners and rights when it is told to',
    }),
    ...inFile(`${TEST}/postgres-bad-input.test.ts`, { password: PASSWORDS }),
    ...inFile(`${TEST}/postgres-spec.test.ts`, {
      host: ADDRESS,
      tls: ADDRESS,
      programs: ADDRESS,
      maintenance: ADDRESS,
    }),
  },
  mysqlSource: {
    ...inFile(`${TEST}/mysql/mysql-source.test.ts`, {
      port: 'comes back as it was',
      password: 'comes back as it was',
      checksums: 'compares the content of tables where it is told to',
    }),
    ...inFile(`${TEST}/encrypted-databases.test.ts`, { host: BY_HAND }),
    ...inFile(`${TEST}/encrypted-connections.test.ts`, { tls: TLS, caFile: TLS }),
  },
  mysqlTarget: {
    ...inFile(`${TEST}/mysql/mysql-restore.test.ts`, {
      port: 'is restored under another name, with everything in it',
      password: 'is restored under another name, with everything in it',
      database: 'is restored under another name, with everything in it',
    }),
    ...inFile(`${TEST}/encrypted-databases.test.ts`, { host: BY_HAND }),
    ...inFile(`${TEST}/mysql/mysql-spec.test.ts`, { tls: ADDRESS, caFile: ADDRESS }),
  },
  redisSource: {
    ...inFile(`${TEST}/redis/redis-source.test.ts`, {
      host: 'is dumped by its task, through a socket, with libraries of functions',
      port: 'takes a server without keys',
      password: 'takes a server without keys',
    }),
    ...inFile(`${TEST}/redis/redis-values.test.ts`, {
      user: 'are read by a user who may, and a user who may not is told',
      checksums: 'are the same in a copy, of all types, of all databases, and with their times',
    }),
    ...inFile(`${TEST}/encrypted-connections.test.ts`, { tls: TLS, caFile: TLS }),
  },
  sqliteSource: inFile(`${TEST}/sqlite-source.test.ts`, {
    foreignKeys: 'refuses broken foreign keys, unless the spec accepts them',
  }),
  commandSource: inFile(`${TEST}/command-source.test.ts`, {
    env: 'goes through the task, with secrets that are named and not stored',
    cwd: 'runs in the directory that is named',
    successCodes: 'takes another exit code for success where it is allowed, and warns of it',
    footer: '%s makes no backup',
    minBytes: '%s makes no backup',
    suffix: 'comes back to the byte',
    compress: 'is stored as it is where it is compressed already',
    kind: 'is proven by counts, not by its bytes',
    baseline: 'is proven by counts, not by its bytes',
  }),
  commandKind: inFile(`${TEST}/command-source.test.ts`, {
    guide: 'adds its own commands to RESTORE.md',
  }),
  restoreDrill: inFile(`${TEST}/flows/drill-options.test.ts`, {
    name: 'has the name that it is given',
    pick: 'takes a backup of a set that is not the newest, where that is wished',
    identities: 'decrypts what it restores with an identity',
    scratchServer: 'makes scratch copies on the server that is given',
    check: 'asks a question of one’s own of what it has restored',
    scratchRoot: 'makes scratch directories where it is told',
    sample: 'restores a sample, where that is wished, which its proof says',
    notify: 'tells people what was not proven',
    limits: 'takes its share of limits',
    lock: 'takes the lock of each set',
  }),
  archiveCopies: inFile(`${TEST}/archive-copies.test.ts`, {
    atLeast: 'may fail in some, which is told, as long as enough are made',
    limits: 'take their share of limits each',
  }),
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
