/** Writes an endless body, and tells of each chunk that is asked for. Arguments: the options as JSON, the key's file, a key. */
import { secret } from '@holdfast/core';
import { sftpObjectStore } from '../../src/sftp/index.ts';

const [options = '{}', userKey = '', key = ''] = process.argv.slice(2);

async function* endless(): AsyncGenerator<Uint8Array> {
  for (let given = 0; ; given++) {
    process.stdout.write(`${given}\n`);
    yield Buffer.alloc(256 * 1024, given);
  }
}

await sftpObjectStore({ ...JSON.parse(options), privateKey: secret(`file:${userKey}`) }).put(
  key,
  endless(),
);
