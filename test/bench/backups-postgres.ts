import { join } from 'node:path';
import {
  hasPostgres,
  POSTGRES_NEEDED,
  type PostgresServer,
  startPostgres,
} from '../servers/postgres.ts';
import {
  type Bench,
  backUp,
  ratioFigure,
  shell,
  STAGES,
  withBench,
  withoutZstd,
} from './backups-bytes.ts';
import { type Figure, interleaved } from './harness.ts';
import { printedSource } from './printed-source.ts';

const BLOCKS = 4;
const ROWS = 4_000_000;

function fill(server: PostgresServer): void {
  server.createDatabase('bench');
  server.sql(
    `create table t as select g as id, md5(g::text) as code, 'order ' || g % 9973 || ' of customer ' || g % 977
       || repeat(' and so on', 12) as note, now() + g * interval '1 s' as at from generate_series(1, ${ROWS}) g`,
    'bench',
  );
}

async function figureOf(
  bench: Bench,
  server: PostgresServer,
  hasProgram: boolean,
): Promise<Figure> {
  const program = join(server.bin, 'pg_dump');
  const url = server.url('bench');
  const file = join(bench.root, 'baseline');
  const sources = [printedSource({ program, args: ['-Fc', '-Z0', '-d', url] })];
  const options = hasProgram ? { sources } : { sources, startChild: withoutZstd };
  const pair = await interleaved(
    () => backUp(bench, { kind: 'printed', name: 'bench' }, options),
    () => shell(`"$3" -Fc -Z0 -d "$4" ${STAGES}`, [bench.recipient, file, program, url]),
    BLOCKS,
  );
  return hasProgram
    ? ratioFigure('PostgreSQL → zstd → age → sha256 → disk', pair, 0.95)
    : ratioFigure('the same without the zstd program', pair, 0.85);
}

/**
 * A dump of PostgreSQL on its way to the disk, against the same stages as programs in a shell.
 *
 * @param hasProgram false: ours as on a machine without the zstd program
 */
export function postgresFigures(hasProgram: boolean): Promise<Figure[]> {
  return withBench(async (bench) => {
    if (!hasPostgres) {
      process.stderr.write(`left out: ${POSTGRES_NEEDED}\n`);
      return [];
    }
    const server = await startPostgres();
    try {
      fill(server);
      return [await figureOf(bench, server, hasProgram)];
    } finally {
      await server.stop();
    }
  });
}
