import { byteFigures } from './backups-bytes.ts';
import { catalogFigures } from './backups-catalog.ts';
import { retentionFigures } from './backups-retention.ts';
import { print } from './harness.ts';

const figures = [...(await byteFigures()), ...retentionFigures(), ...(await catalogFigures())];
print(figures, process.argv.includes('--json'));
