import { inFile } from './proof.ts';
import type { Proof } from './proof.ts';
import type { STORAGE_GROUPS } from './storage-groups.ts';

const TEST = 'packages/storage/test';
const LAYERS = `${TEST}/layers`;
const IDLE = 'is waited for no longer than idleTimeout, in every call';

/** Of each option of the stores and their layers that may be left out. */
export const STORAGE_PROOFS: {
  readonly [group in keyof typeof STORAGE_GROUPS]: { readonly [option: string]: Proof };
} = {
  sqliteStore: {
    ...inFile(`${TEST}/sqlite/shared-file.test.ts`, {
      busyTimeout: 'gives up on a lock that lasts, with a retryable code and nothing applied',
    }),
    ...inFile(`${TEST}/sqlite/migrations.test.ts`, {
      migrate: 'is refused when it is older or missing (%s)',
    }),
  },
  postgresStore: {
    ...inFile(`${TEST}/postgres/options.test.ts`, {
      url: 'keeps its tables in the schema that is named, and two of them apart',
      password:
        'finds its server by a URL that is a secret, and asks for its password with each connection',
      resolvers:
        'finds its server by a URL that is a secret, and asks for its password with each connection',
      ssl: 'checks the certificate of the server where TLS is asked for',
      maxConnections: 'opens no more connections than told',
      pool: 'uses a pool of the host, and leaves it open',
      schema: 'keeps its tables in the schema that is named, and two of them apart',
      patience: 'waits for its server as long as it has patience',
    }),
    ...inFile(`${TEST}/postgres/migrations.test.ts`, {
      migrate: 'are asked for where they are not to be made, and nothing is made',
    }),
    ...inFile(`${TEST}/postgres/shared.test.ts`, {
      notifications: 'need no notifications of the server, where they are not to be used',
    }),
  },
  localStore: inFile(`${TEST}/local/local-object-store.test.ts`, {
    create: 'is not created when it has to be there: a disk that is not mounted is no empty store',
    fileMode: 'lets the owner alone read, unless told otherwise',
    directoryMode: 'lets the owner alone read, unless told otherwise',
  }),
  s3Store: {
    ...inFile(`${TEST}/s3/options.test.ts`, {
      prefix: 'writes below its prefix, by the path of the bucket, or by its host',
      region: 'signs for its region, with its credentials as they are now',
      endpoint: 'names its place by a URL, and what it can hold',
      pathStyle: 'writes below its prefix, by the path of the bucket, or by its host',
      credentials: 'signs for its region, with its credentials as they are now',
      resolvers: 'signs for its region, with its credentials as they are now',
      checksums: 'sends checksums when the service knows them',
      partBytes: 'sends a body within one part by one request, and parts of the size it was told',
      growParts: 'names its place by a URL, and what it can hold',
      maxParts: 'sends no more parts than the service takes, which grow the sooner',
      copyBytes: 'copies in one request up to copyBytes, and more in parts',
      pageKeys: 'lists as many objects at once as it is told',
      connectTimeout:
        'connects by the agent it is given, and waits for that no longer than connectTimeout',
      agent: 'connects by the agent it is given, and waits for that no longer than connectTimeout',
    }),
    ...inFile(`${TEST}/s3/conditions.test.ts`, {
      ifAbsent: 'is refused before anything is asked of the service',
    }),
    ...inFile(`${TEST}/s3/object-lock.test.ts`, {
      objectLock: 'is kept by Object Lock in the mode %s',
    }),
    ...inFile(`${TEST}/s3/lying-service.test.ts`, {
      concurrency: 'are no more than were allowed, and so is what was taken from the body',
      attempts: 'is made again by the SDK as often as it is told',
      idleTimeout: IDLE,
      clock: 'does not end a read early',
    }),
  },
  azureStore: {
    ...inFile(`${TEST}/azure/places.test.ts`, {
      prefix: 'holds the objects below a prefix, and no others',
      endpoint: 'names its place by a URL, and what it can hold',
      credential: 'may be a shared access signature, of a resolver',
      resolvers: 'may be a shared access signature, of a resolver',
      immutability: 'is believed when the service tells of it',
    }),
    ...inFile(`${TEST}/azure/faults.test.ts`, {
      partBytes: 'is one that arrives damaged: the service is told the MD5 of each',
      concurrency: 'stands beside no more others than are allowed',
      pageKeys: 'asks for as many objects at once as it is told',
      attempts: 'is made again as often as the SDK is told',
      idleTimeout: IDLE,
      clock: IDLE,
    }),
  },
  sftpStore: {
    ...inFile(`${TEST}/sftp/host-keys.test.ts`, {
      hostKey: 'is refused when it is another one, for good, and nothing is written',
    }),
    ...inFile(`${TEST}/sftp/options.test.ts`, {
      port: 'is by a password, which is told to nobody',
      password: 'is by a password, which is told to nobody',
      privateKey: 'is by a private key with a passphrase',
      passphrase: 'is by a private key with a passphrase',
      agent: 'is by the keys of an agent',
      resolvers: 'is by secrets of a resolver',
      create: 'is not created when it has to be there',
      fileMode: 'and its files are for the owner alone, unless told otherwise',
      directoryMode: 'and its files are for the owner alone, unless told otherwise',
      ifAbsent: 'keeps ifAbsent as the store was opened',
      sync: 'is taken without fsync where that is said',
      requests: 'are as large, and as many at once, as the store is told',
      requestBytes: 'are as large, and as many at once, as the store is told',
      connectTimeout: 'is connected to for no longer than connectTimeout',
      keepAlive: 'is found out by keepAlive',
    }),
  },
  openStore: inFile(`${TEST}/open/open-object-store.test.ts`, {
    credentials: 'opens a bucket, with options and credentials, and again by the URL it tells',
    resolvers: 'opens a bucket, with options and credentials, and again by the URL it tells',
  }),
  withRetries: inFile(`${LAYERS}/retries.test.ts`, {
    retries: 'fails at last with the error of the last try',
    onRetry: 'waits longer each time, less what is left to chance, unless told otherwise',
    clock: 'waits longer each time, less what is left to chance, unless told otherwise',
    random: 'waits longer each time, less what is left to chance, unless told otherwise',
  }),
  withTimeouts: inFile(`${LAYERS}/timeouts.test.ts`, {
    call: '%s: fails after %i ms, and may pass',
    step: 'counts the time after the last chunk of a body',
    copy: '%s: fails after %i ms, and may pass',
    clock: 'counts the time after the last chunk of a body',
  }),
  withConcurrency: {},
  withBandwidth: inFile(`${LAYERS}/bandwidth.test.ts`, {
    up: 'divides the rate among all that is under way',
    down: 'reads no faster than it may, and hardly slower',
    clock: 'reads no faster than it may, and hardly slower',
  }),
  withChecksums: inFile(`${LAYERS}/checksums.test.ts`, {
    ledger: 'is what a layer compares with, whoever has written it',
    readBack: 'is found by the next read when it is not read back',
  }),
  withMetrics: inFile(`${LAYERS}/metrics.test.ts`, {
    clock: 'tells how long it took, of a stream from its first step to its last',
  }),
};
