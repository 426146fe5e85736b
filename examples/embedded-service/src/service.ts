import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { SqliteSpec } from '@holdfast/backups';
import { isRunId, type Engine } from '@holdfast/core';
import { answer, answerError, report } from './answers.ts';
import { shopBackup } from './shop-backup.ts';

/** `/backups/<id>`, perhaps with `/outcome`. */
const ONE = /^\/backups\/(?<id>[^/]+)(?<outcome>\/outcome)?$/;

/**
 * The routes:
 * - POST /backups: starts a backup; with an Idempotency-Key at most one under that key
 * - GET /backups: the latest backups
 * - GET /backups/<id>: where one stands
 * - GET /backups/<id>/outcome: the same, once it has ended
 */
export function createService(engine: Engine, source: SqliteSpec): Server {
  async function start(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const key = request.headers['idempotency-key'];
    const options = typeof key === 'string' ? { idempotencyKey: key } : {};
    const { id } = await engine.start(shopBackup, [source], options);
    answer(response, 202, { id });
  }

  async function list(response: ServerResponse): Promise<void> {
    const runs = await engine.runs({ name: shopBackup.flowName, topLevel: true, limit: 20 });
    answer(response, 200, { backups: runs.map(({ id, state }) => ({ id, state: state.name })) });
  }

  async function one(path: string, response: ServerResponse): Promise<void> {
    const { id, outcome } = ONE.exec(path)?.groups ?? {};
    if (id === undefined || !isRunId(id)) {
      answer(response, 404, { message: `There is nothing at ${path}.` });
      return;
    }
    if (outcome !== undefined) await (await engine.find(id)).outcome();
    answer(response, 200, await report(engine, id));
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '/' } = request;
    if (url !== '/backups') await one(url, response);
    else if (method === 'POST') await start(request, response);
    else await list(response);
  }

  return createServer((request, response) => {
    route(request, response).catch((error: unknown) => answerError(response, error));
  });
}
