import fastify, { type FastifyInstance } from 'fastify';
import { latestBackup, preflight } from '@holdfast/backups';
import { isRunId } from '@holdfast/core';
import type { Backups } from './backups.ts';

/**
 * The routes:
 * - GET /backups: the newest backup of each set, and what was proven of it; 503 unless a restore was proven of each
 * - POST /backups: starts a night's backups now
 * - GET /backups/<id>: how such a run ended, once it has
 * - GET /preflight: what would stand in the way tonight
 *
 * Closing it stops the engine: what is under way goes on at the next start.
 */
export function createApp({ engine, nightly, store, specs }: Backups): FastifyInstance {
  const app = fastify();
  app.addHook('onClose', () => engine.stop({ timeout: '20s' }));

  app.get('/backups', async (_request, reply) => {
    const sets = await Promise.all(
      specs.map(async ({ name }) => {
        const latest = await latestBackup(store, { set: name });
        return { set: name, at: latest?.manifest.startedAt, proven: latest?.proof.level };
      }),
    );
    const good = sets.every(({ proven }) => proven === 'restored');
    return reply.code(good ? 200 : 503).send(sets);
  });

  app.post('/backups', async (_request, reply) => {
    const { id } = await engine.start(nightly, []);
    return reply.code(202).send({ id });
  });

  app.get<{ Params: { id: string } }>('/backups/:id', async ({ params }, reply) => {
    if (!isRunId(params.id)) return reply.code(404).send({ message: 'There is no such run.' });
    const run = await engine.find(params.id);
    const outcome = await run.outcome();
    const { state } = await run.run();
    return reply.send({
      state: state.name,
      ...(outcome.ok ? {} : { message: outcome.error.message }),
    });
  });

  app.get('/preflight', () => preflight({ specs, stores: { primary: store } }));
  return app;
}
