/** How many tables or sequences one statement is about: the server plans it as one query. */
const BATCH = 100;

/** Cuts a list into what one statement takes. */
export function* batches<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += BATCH) yield all.slice(at, at + BATCH);
}

/** Schemas that belong to users. */
export const USERS = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** Objects that an extension made come back with the extension, in the version that is installed. */
export function notOfExtension(catalog: string, oid: string): string {
  return `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;
}

export const RELATIONS = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`;
export const OWN_RELATION = `${USERS} AND ${notOfExtension('pg_class', 'c.oid')}`;

const COLUMNS = `(SELECT jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    a.atthasdef, a.attidentity, to_jsonb(a) ->> 'attgenerated') ORDER BY a.attname COLLATE "C")
  FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`;

/** Objects of one kind, and a query that gives what tells each apart as `v`. */
export interface ObjectQuery {
  readonly objects: string;
  readonly query: string;
}

function objects(name: string, fields: string, from: string): ObjectQuery {
  return {
    objects: name,
    query: `SELECT jsonb_build_array(${fields})::text COLLATE "C" AS v FROM ${from}`,
  };
}

/**
 * What is compared of a schema, kind by kind, in order of name. Names, columns, types, bodies of functions: what
 * comes back letter for letter. Expressions do not: PostgreSQL prints some of them in other words once they were
 * restored from what it had printed (a CHECK on a varchar with a list of values, for one).
 */
export const SCHEMA_QUERIES: readonly ObjectQuery[] = [
  objects(
    'constraints',
    `n.nspname, c.relname, y.typname, k.conname, k.contype, k.condeferrable, k.convalidated`,
    `pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace LEFT JOIN pg_class c ON c.oid = k.conrelid
      LEFT JOIN pg_type y ON y.oid = k.contypid
      WHERE ${USERS} AND k.contype <> 'n' AND ${notOfExtension('pg_class', 'k.conrelid')} AND ${notOfExtension('pg_type', 'k.contypid')}`,
  ),
  objects(
    'event triggers',
    `t.evtname, t.evtevent, t.evtenabled`,
    `pg_event_trigger t WHERE ${notOfExtension('pg_event_trigger', 't.oid')}`,
  ),
  objects('extensions', `x.extname`, `pg_extension x`),
  objects(
    'indexes',
    `n.nspname, c.relname, t.relname, m.amname, i.indisunique, i.indisprimary, i.indnatts`,
    `pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_class t ON t.oid = i.indrelid JOIN pg_am m ON m.oid = c.relam
      WHERE ${USERS} AND i.indisvalid AND t.relkind <> 't' AND ${notOfExtension('pg_class', 'i.indrelid')}`,
  ),
  objects(
    'policies',
    `n.nspname, c.relname, p.polname, p.polcmd, p.polpermissive`,
    `pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${OWN_RELATION}`,
  ),
  objects(
    'routines',
    `n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), to_jsonb(p) ->> 'prokind', l.lanname,
      p.prosecdef, p.provolatile, md5(p.prosrc)`,
    `pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
      WHERE ${USERS} AND ${notOfExtension('pg_proc', 'p.oid')}
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')`,
  ),
  objects(
    'rules',
    `n.nspname, c.relname, r.rulename, r.ev_type, r.is_instead, r.ev_enabled`,
    `pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE ${OWN_RELATION} AND r.rulename <> '_RETURN'`,
  ),
  objects(
    'schemas',
    `n.nspname`,
    `pg_namespace n WHERE ${USERS} AND ${notOfExtension('pg_namespace', 'n.oid')}`,
  ),
  objects(
    'sequences',
    `n.nspname, c.relname, format_type(s.seqtypid, NULL), s.seqstart::text, s.seqincrement::text, s.seqmax::text,
      s.seqmin::text, s.seqcycle`,
    `pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${OWN_RELATION}`,
  ),
  objects(
    'tables',
    `n.nspname, c.relname, c.relkind, c.relpersistence, c.relispartition, c.relrowsecurity, c.relforcerowsecurity, ${COLUMNS}`,
    `${RELATIONS} WHERE c.relkind IN ('r', 'p', 'f') AND ${OWN_RELATION}`,
  ),
  objects(
    'triggers',
    `n.nspname, c.relname, t.tgname, t.tgenabled, t.tgtype, p.proname`,
    `pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal AND ${OWN_RELATION}`,
  ),
  objects(
    'types',
    `n.nspname, y.typname, y.typtype,
      (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = y.oid), ${COLUMNS}`,
    `pg_type y JOIN pg_namespace n ON n.oid = y.typnamespace LEFT JOIN pg_class c ON c.oid = y.typrelid
      WHERE ${USERS} AND ${notOfExtension('pg_type', 'y.oid')} AND (y.typtype IN ('d', 'e', 'r') OR c.relkind = 'c')`,
  ),
  objects(
    'views',
    `n.nspname, c.relname, c.relkind, ${COLUMNS}`,
    `${RELATIONS} WHERE c.relkind IN ('v', 'm') AND ${OWN_RELATION}`,
  ),
];

/** Large objects: which there are. */
export const LARGE_OBJECTS: ObjectQuery = objects(
  'large objects',
  `m.oid::text`,
  `pg_largeobject_metadata m`,
);

/**
 * Tables that hold rows of their own and whose rows are dumped, with their size, and the columns that a dump holds: in order
 * of name, as that of a partition may change in a copy. What is generated is made anew there.
 */
export const TABLES = `SELECT format('%I.%I', n.nspname, c.relname) COLLATE "C" AS name, pg_table_size(c.oid)::text AS bytes,
    coalesce((SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname COLLATE "C") FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND coalesce(to_jsonb(a) ->> 'attgenerated', '') = ''), '') AS columns
  FROM ${RELATIONS} WHERE c.relkind = 'r' AND ${OWN_RELATION} ORDER BY 1`;

/** Sequences, with the direction that they run in. */
export const SEQUENCE_NAMES = `SELECT format('%I.%I', n.nspname, c.relname) COLLATE "C" AS name, s.seqincrement::text AS step
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${OWN_RELATION} ORDER BY 1`;

/** Indexes that answer no query: a build of them broke off. A dump leaves them out. */
export const INVALID_INDEXES = `SELECT format('%I.%I', n.nspname, c.relname) COLLATE "C" AS name
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${USERS} AND NOT i.indisvalid ORDER BY 1`;

/** What makes a database one that holds something. */
export const ANYTHING = `SELECT n.nspname || '.' || c.relname AS name FROM ${RELATIONS} WHERE ${OWN_RELATION}
  UNION ALL SELECT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE ${USERS} AND ${notOfExtension('pg_proc', 'p.oid')}
  UNION ALL SELECT 'large object ' || m.oid FROM pg_largeobject_metadata m
  UNION ALL SELECT 'schema ' || n.nspname FROM pg_namespace n WHERE ${USERS} AND n.nspname <> 'public'
    AND ${notOfExtension('pg_namespace', 'n.oid')}
  LIMIT 1`;

/** What a user may not read of what would be dumped. */
export const UNREADABLE = `SELECT format('%I.%I', n.nspname, c.relname) COLLATE "C" AS name FROM ${RELATIONS}
  WHERE c.relkind IN ('r', 'p', 'S', 'm') AND ${OWN_RELATION} AND NOT (has_schema_privilege(n.oid, 'USAGE')
    AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT') ELSE has_table_privilege(c.oid, 'SELECT') END)
  ORDER BY 1`;

/** Tables of which a policy would keep rows from the user. */
export const HIDDEN_ROWS = `SELECT format('%I.%I', n.nspname, c.relname) COLLATE "C" AS name FROM ${RELATIONS}
  WHERE c.relkind IN ('r', 'p') AND ${OWN_RELATION} AND row_security_active(c.oid) ORDER BY 1`;
