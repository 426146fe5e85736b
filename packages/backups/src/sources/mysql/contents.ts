import { createHash } from 'node:crypto';
import { HoldfastError } from '@holdfast/core';
import type { ObjectCount } from '../../model/fingerprint.ts';
import {
  CHECKS,
  COLUMNS,
  ENGINES,
  EVENTS,
  INDEXES,
  KEYS,
  REFERENCES,
  ROUTINES,
  SEQUENCES,
  TABLES,
  TRIGGERS,
  VIEWS,
} from './catalog-queries.ts';
import { type MysqlSession, quoteName } from './session.ts';

type Cells = readonly (string | number | null)[];

/** A table whose rows can be counted. */
export interface TableFacts {
  readonly table: string;
  /** Whether its rows belong to transactions, and so to snapshots. */
  readonly transactional: boolean;
  /** Whether it keeps its rows of before, which dumps do not hold. */
  readonly versioned: boolean;
}

/** What a database is made of, but for its rows. */
export interface Contents {
  readonly schemaSha256: string;
  readonly tables: readonly TableFacts[];
  readonly objects: readonly ObjectCount[];
  readonly views: readonly string[];
  /** Accounts in whose name views, routines, triggers and events act: `shop@localhost`. */
  readonly definers: readonly string[];
}

/** Definitions name the database, whose name a copy may not have. */
function nameless(cells: Cells, database: string): Cells {
  const prefix = `${quoteName(database)}.`;
  return cells.map((cell) => (typeof cell === 'string' ? cell.replaceAll(prefix, '') : cell));
}

function hashOf(rows: readonly Cells[], database: string): string {
  const hash = createHash('sha256');
  for (const line of rows.map((row) => JSON.stringify(nameless(row, database))).toSorted()) {
    hash.update(`${line}\n`);
  }
  return hash.digest('hex');
}

function counted(objects: string, rows: readonly Cells[], database: string): ObjectCount {
  return { objects, count: rows.length, sha256: hashOf(rows, database) };
}

function checkReadable(routines: readonly Cells[], database: string): void {
  const hidden = routines.find(([, , , definition]) => definition === null);
  if (hidden === undefined) return;
  throw new HoldfastError(
    'SOURCE_LOGIN_REFUSED',
    `The definition of ${String(hidden[0])} in ${database} is not shown to the user that dumps.`,
    {
      hint: 'Grant it SELECT on mysql.proc (MariaDB), SHOW CREATE ROUTINE (MariaDB 11.3) or SHOW_ROUTINE (MySQL).',
      retryable: false,
      context: { database, routine: String(hidden[0]) },
    },
  );
}

const DEFINER_AT = { views: 4, routines: 4, triggers: 5, events: 6 } as const;

/**
 * Reads what a database is made of.
 *
 * @throws `SOURCE_LOGIN_REFUSED` a routine is there whose definition is not shown
 */
export async function readContents(session: MysqlSession, database: string): Promise<Contents> {
  const rows = (query: string): Promise<Cells[]> => session.rows<Cells>(query);
  const engines = new Set((await rows(ENGINES)).map(([engine]) => engine));
  const tables = await rows(TABLES);
  const names = new Set(tables.map(([name]) => name));
  const columns = (await rows(COLUMNS)).filter(([table]) => names.has(table ?? null));
  const schema = [...tables, ...columns];
  for (const query of [INDEXES, KEYS, REFERENCES]) schema.push(...(await rows(query)));
  schema.push(...(await rows(CHECKS).catch(() => [])));
  const views = await rows(VIEWS);
  const routines = await rows(ROUTINES);
  const triggers = await rows(TRIGGERS);
  const events = await rows(EVENTS);
  const sequences = await rows(SEQUENCES);
  checkReadable(routines, database);
  const definers = Object.entries({ views, routines, triggers, events }).flatMap(([kind, found]) =>
    found.map((cells) => String(cells[DEFINER_AT[kind as keyof typeof DEFINER_AT]])),
  );
  return {
    schemaSha256: hashOf(schema, database),
    tables: tables.map(([table, type, engine]) => ({
      table: String(table),
      transactional: engines.has(engine ?? null),
      versioned: type === 'SYSTEM VERSIONED',
    })),
    objects: [
      counted('events', events, database),
      counted('routines', routines, database),
      counted('sequences', sequences, database),
      counted('triggers', triggers, database),
      counted('views', views, database),
    ],
    views: views.map(([name]) => String(name)),
    definers: [...new Set(definers)].toSorted(),
  };
}
