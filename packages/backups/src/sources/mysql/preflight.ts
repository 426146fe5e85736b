import { tryOut } from '../../preflight/finding.ts';
import type { Finding } from '../source.ts';
import type { Workroom } from '../workroom.ts';
import { readContents } from './contents.ts';
import { findServerPrograms, findTool } from './programs.ts';
import { readServer } from './server.ts';
import { MysqlSession } from './session.ts';
import type { MysqlSpec } from './spec.ts';
import { checkViews } from './views.ts';
import { warningsOf } from './warnings.ts';

async function look(spec: MysqlSpec, room: Workroom): Promise<readonly string[]> {
  const tool = await findTool('dump', room);
  const client = await findTool('client', room);
  const place = { address: spec, database: spec.database, client };
  const session = await MysqlSession.open(place, room);
  try {
    const server = await readServer(session);
    const contents = await readContents(session, spec.database);
    const broken = await checkViews(session, contents.views);
    return warningsOf({ contents, server, tool, tables: [], broken });
  } finally {
    await session.close();
  }
}

/** Logs in, and reads everything that a dump reads before it counts. */
export async function mysqlPreflight(spec: MysqlSpec, room: Workroom): Promise<readonly Finding[]> {
  const { signal } = room;
  const looked = await tryOut(signal, () => look(spec, room));
  const findings: Finding[] =
    'finding' in looked
      ? [looked.finding]
      : looked.value.map((message) => ({ code: 'SOURCE_WARNING', severity: 'warning', message }));
  // Backups can be proven elsewhere.
  const find = () => Promise.resolve().then(() => findServerPrograms('MariaDB'));
  const server = await tryOut(signal, find, 'warning');
  return 'finding' in server ? [...findings, server.finding] : findings;
}
