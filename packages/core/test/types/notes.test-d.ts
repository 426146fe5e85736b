import { expectTypeOf, it } from 'vitest';
import {
  createEngine,
  flow,
  memoryRunStore,
  runContext,
  type ArtifactBody,
  type GivenArtifact,
  type Logger,
  type RunArtifact,
  type RunId,
  type RunLogger,
  type StoredLogEntry,
} from '@holdfast/core';

const engine = createEngine({ store: memoryRunStore(), logs: { level: 'debug', maxRun: 1 } });
const id = '' as RunId;

it('the logger of a run has every level', () => {
  const { logger } = runContext();
  expectTypeOf(logger).toEqualTypeOf<RunLogger>();
  expectTypeOf(logger).toExtend<Logger>();
  logger.trace({ n: 1 }, 'one');
  logger.fatal('over');
  logger.error(new Error('no'), 'why');
  expectTypeOf(logger.child({ table: 'orders' })).toEqualTypeOf<RunLogger>();
  // @ts-expect-error -- facts come before the text
  logger.info('text', { n: 1 });
  // @ts-expect-error -- there is no such level
  logger.silly('text');
});

it("a host's logger may lack trace and fatal", () => {
  const line = (): void => undefined;
  const logger = { debug: line, info: line, warn: line, error: line };
  createEngine({ store: memoryRunStore(), logger });
  // @ts-expect-error -- it has to take errors
  createEngine({ store: memoryRunStore(), logger: { debug: line, info: line, warn: line } });
  // @ts-expect-error -- there is no such level
  createEngine({ store: memoryRunStore(), logs: { level: 'loud' } });
});

it('artifacts have kinds', () => {
  const { artifact } = runContext();
  expectTypeOf(artifact('k', { kind: 'markdown', markdown: '#' })).toEqualTypeOf<Promise<void>>();
  expectTypeOf<RunArtifact['body']>().toEqualTypeOf<ArtifactBody>();
  const table: GivenArtifact = { kind: 'table', columns: ['a'], rows: [[1], [null]] };
  void artifact('k', table, 'a table');
  void artifact('k', { kind: 'link', href: 'https://example.org' });
  // @ts-expect-error -- progress has a method of its own
  void artifact('k', { kind: 'progress', done: 1 });
  // @ts-expect-error -- a date is no JSON
  void artifact('k', { kind: 'table', columns: ['a'], rows: [[new Date()]] });
  // @ts-expect-error -- a link needs a place
  void artifact('k', { kind: 'link', text: 'here' });
});

it('a run may be part of a trace', () => {
  expectTypeOf(runContext().traceparent).toEqualTypeOf<string | undefined>();
  const tick = flow(async () => 1, { name: 'tick' });
  void engine.start(tick, [], { traceparent: '00-…' });
  // @ts-expect-error -- it is a text
  void engine.start(tick, [], { traceparent: 1 });
});

it('both are read back', () => {
  expectTypeOf(engine.logs(id)).toEqualTypeOf<Promise<readonly StoredLogEntry[]>>();
  void engine.logs(id, { level: 'warn', after: 3, limit: 10, runId: id });
  // @ts-expect-error -- an id is no text
  void engine.logs('x');
  expectTypeOf(engine.artifacts(id)).toEqualTypeOf<Promise<readonly RunArtifact[]>>();
});
