import { retentionFigures } from './backups-retention.ts';
import { print } from './harness.ts';

print(retentionFigures(), process.argv.includes('--json'));
