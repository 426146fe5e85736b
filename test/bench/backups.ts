import { catalogFigures } from './backups-catalog.ts';
import { retentionFigures } from './backups-retention.ts';
import { print } from './harness.ts';

print([...retentionFigures(), ...(await catalogFigures())], process.argv.includes('--json'));
