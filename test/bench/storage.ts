import { parseArgs } from 'node:util';
import { print } from './harness.ts';
import { sharedFileFigures } from './shared-file.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '60' },
  },
});

print(await sharedFileFigures(Number(values.seconds)), values.json);
