import type { ServerResponse } from 'node:http';
import { isHoldfastError, type Engine, type Run, type RunId } from '@holdfast/core';

function short(run: Run): object {
  const { id, name, state, attempts, recoveries } = run;
  return { id, name, state: state.name, attempts, recoveries };
}

/** What is known of a backup's run, and of the tasks below it. */
export async function report(engine: Engine, id: RunId): Promise<object> {
  const handle = await engine.find(id);
  return { ...short(await handle.run()), tasks: (await engine.below(id)).map(short) };
}

/** Sends JSON. */
export function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

const STATUS: { readonly [code: string]: number } = {
  RUN_UNKNOWN: 404,
  ENGINE_STOPPED: 503,
  STORE_UNAVAILABLE: 503,
};

/** Sends an error: its code, what happened, and what to do. */
export function answerError(response: ServerResponse, error: unknown): void {
  if (!isHoldfastError(error)) {
    answer(response, 500, { message: error instanceof Error ? error.message : String(error) });
    return;
  }
  const { code, message, hint } = error;
  answer(response, STATUS[code] ?? 500, { code, message, hint });
}
