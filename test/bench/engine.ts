import { memoryFigures } from './engine-memory.ts';
import { scaleFigures } from './engine-scale.ts';
import { sqliteFigures } from './engine-sqlite.ts';
import { print } from './harness.ts';

print(
  [...(await memoryFigures()), ...(await sqliteFigures()), ...(await scaleFigures())],
  process.argv.includes('--json'),
);
