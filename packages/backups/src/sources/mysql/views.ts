import { serverMessage } from './errors.ts';
import { MysqlSession, quoteName, type SessionPlace } from './session.ts';
import type { Workroom } from '../workroom.ts';

/** A view that cannot be read, with what the server says. */
export interface BrokenView {
  readonly view: string;
  readonly why: string;
}

/**
 * Looks whether views could be read, without reading them: `CHECK TABLE` finds a definer that is gone, and tables and
 * functions that are.
 */
export async function checkViews(
  session: MysqlSession,
  views: readonly string[],
): Promise<readonly BrokenView[]> {
  const broken: BrokenView[] = [];
  for (const view of views) {
    const lines = await session.run(`CHECK TABLE ${quoteName(view)}`);
    const last = (lines.at(-1) ?? '').split('\t');
    if (last.at(-2) === 'status') continue;
    const first = (lines[0] ?? '').split('\t').at(-1) ?? '';
    broken.push({ view, why: first });
  }
  return broken;
}

/** Reads a row of each view: a missing definer shows in no restore, and fails then. */
export async function readViews(
  place: SessionPlace,
  views: readonly string[],
  room: Workroom,
): Promise<readonly BrokenView[]> {
  const broken: BrokenView[] = [];
  let session: MysqlSession | undefined;
  for (const view of views) {
    session ??= await MysqlSession.open(place, room);
    try {
      await session.run(`SELECT 1 FROM (SELECT * FROM ${quoteName(view)} LIMIT 1) AS holdfast_row`);
    } catch (error) {
      room.signal.throwIfAborted();
      broken.push({ view, why: serverMessage(error) });
      await session.close();
      session = undefined;
    }
  }
  await session?.close();
  return broken;
}
