/** Uploads an endless body, and tells of each chunk that is asked for. Arguments: port of the server, bucket, key. */
import { swiftOptions } from './swift.ts';
import { s3ObjectStore } from '../../src/s3/index.ts';

const [port = '', bucket = '', key = ''] = process.argv.slice(2);

async function* endless(): AsyncGenerator<Uint8Array> {
  for (let given = 0; ; given++) {
    process.stdout.write(`${given}\n`);
    yield Buffer.alloc(1024 * 1024, given);
  }
}

await s3ObjectStore(swiftOptions(Number(port), bucket)).put(key, endless());
