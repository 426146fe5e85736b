import { tryOut } from '../../preflight/finding.ts';
import type { Finding } from '../source.ts';
import type { Workroom } from '../workroom.ts';
import { HIDDEN_ROWS, UNREADABLE } from './catalog-queries.ts';
import { planDump } from './dump.ts';
import { urlOf } from './login.ts';
import { findPrograms } from './programs.ts';
import { withSession } from './server.ts';
import type { PsqlSession } from './session.ts';
import type { PostgresSpec } from './spec.ts';

/** The most names that a message has. */
const MOST_NAMES = 5;

function namesIn(rows: readonly { readonly name: string }[]): string {
  const names = rows.slice(0, MOST_NAMES).map(({ name }) => name);
  const more = rows.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

async function rightsIn(session: PsqlSession, where: string): Promise<Finding[]> {
  const unreadable = await session.query<{ name: string }>(UNREADABLE);
  const hidden = await session.query<{ name: string }>(HIDDEN_ROWS);
  const finding = (why: string, hint: string): Finding => ({
    code: 'SOURCE_UNREADABLE',
    severity: 'error',
    message: `${where}: ${why}`,
    hint,
  });
  return [
    ...(unreadable.length === 0
      ? []
      : [
          finding(
            `the user may not read ${namesIn(unreadable)}`,
            'Grant it: pg_read_all_data (PostgreSQL 14) reads every table and sequence.',
          ),
        ]),
    ...(hidden.length === 0
      ? []
      : [
          finding(
            `policies hide rows of ${namesIn(hidden)} from the user`,
            'Give the user BYPASSRLS; a dump must not be missing rows.',
          ),
        ]),
  ];
}

/** Looks whether a PostgreSQL source could be dumped, and a dump of it be proven on this machine. */
export async function postgresPreflight(
  spec: PostgresSpec,
  room: Workroom,
): Promise<readonly Finding[]> {
  const planned = await tryOut(room.signal, () => planDump(spec, room));
  if ('finding' in planned) return [planned.finding];
  const { databases, server } = planned.value;
  const findings: Finding[] = [];
  for (const database of databases) {
    const looked = await tryOut(room.signal, () =>
      withSession(spec, database, room, (session) => rightsIn(session, urlOf(spec, database))),
    );
    findings.push(...('finding' in looked ? [looked.finding] : looked.value));
  }
  const scratch = await tryOut(
    room.signal,
    () =>
      findPrograms(
        ['postgres', 'initdb', 'pg_restore', 'psql'],
        {},
        server.major,
        'a scratch copy',
      ),
    'warning',
  );
  return 'finding' in scratch ? [...findings, scratch.finding] : findings;
}
