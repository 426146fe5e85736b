import type { Artifact } from '../../model/manifest.ts';
import { shellQuote } from '../../publish/shell-quote.ts';
import { openedFile } from '../opened-file.ts';
import type { DumpFacts, RestoreGuide } from '../source.ts';
import { redisUrl } from './redis-cli.ts';
import type { RedisSpec } from './spec.ts';

function countsText({ fingerprint }: DumpFacts): string {
  const counts = fingerprint.kind === 'stream' ? fingerprint.counts : [];
  if (counts.length === 0) return 'It held no keys.';
  const texts = counts.map(
    ({ what, least, most }) => `${least === most ? least : `${least} to ${most}`} ${what}`,
  );
  return `It held ${texts.join(', ')}.`;
}

/** The commands that bring an RDB file back, with zstd and redis-check-rdb alone. */
export function redisGuide(
  spec: RedisSpec,
  facts: DumpFacts,
  artifacts: readonly Artifact[],
): RestoreGuide {
  const [artifact] = artifacts;
  const restored = shellQuote(`restored/${spec.name}.rdb`);
  return {
    programs: ['sha256sum', 'zstd', 'redis-check-rdb'],
    summary:
      `The data of ${redisUrl(spec)}, restored to restored/${spec.name}.rdb below this folder. ${countsText(facts)} ` +
      "To put it in service, stop the server, move its appendonlydir and its old RDB file away from its 'dir', put " +
      "this file there under the name that 'dbfilename' says, and start it with 'appendonly no': with " +
      "'appendonly yes' it would start empty. Compare what INFO keyspace says; then CONFIG SET appendonly yes, " +
      'where that is wanted.',
    commands: [
      'mkdir restored',
      `zstd -d -q ${openedFile(artifact ?? { name: '', layers: [] })} -o ${restored}`,
      `redis-check-rdb ${restored}`,
    ],
  };
}
