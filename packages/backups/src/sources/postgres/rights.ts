import {
  notOfExtension,
  type ObjectQuery,
  OWN_RELATION,
  RELATIONS,
  USERS,
} from './catalog-queries.ts';

/** What belongs to somebody: its kind, name, owner, and who was granted what. */
const OWNED = [
  `SELECT 'relation' AS kind, format('%I.%I', n.nspname, c.relname) AS name, c.relowner AS owner,
      coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)) AS acl
    FROM ${RELATIONS} WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND ${OWN_RELATION}`,
  `SELECT 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname), c.relowner, a.attacl
    FROM ${RELATIONS} JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE cardinality(a.attacl) > 0 AND NOT a.attisdropped AND ${OWN_RELATION}`,
  `SELECT 'routine', format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), p.proowner,
      coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE ${USERS} AND ${notOfExtension('pg_proc', 'p.oid')}
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')`,
  `SELECT 'type', format('%I.%I', n.nspname, y.typname), y.typowner, coalesce(y.typacl, acldefault('T', y.typowner))
    FROM pg_type y JOIN pg_namespace n ON n.oid = y.typnamespace LEFT JOIN pg_class c ON c.oid = y.typrelid
    WHERE ${USERS} AND ${notOfExtension('pg_type', 'y.oid')} AND (y.typtype IN ('d', 'e', 'r') OR c.relkind = 'c')`,
  `SELECT 'schema', n.nspname::text, n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner))
    FROM pg_namespace n WHERE ${USERS} AND ${notOfExtension('pg_namespace', 'n.oid')}`,
  `SELECT 'large object', m.oid::text, m.lomowner, coalesce(m.lomacl, acldefault('L', m.lomowner))
    FROM pg_largeobject_metadata m`,
  `SELECT 'default of ' || d.defaclobjtype::text, coalesce(quote_ident(n.nspname), ''), d.defaclrole, d.defaclacl
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace`,
];

/**
 * Whose everything is, and who may do what with it. What nobody was granted is written out as the server's default: a dump
 * says only what differs from that. The default is that of a major version, so copies on another are not compared.
 */
export const RIGHTS: ObjectQuery = {
  objects: 'rights',
  query: `SELECT jsonb_build_array(o.kind, o.name, pg_get_userbyid(o.owner),
      (SELECT jsonb_agg(DISTINCT jsonb_build_array(CASE x.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(x.grantee)::text END,
        x.privilege_type, x.is_grantable)) FROM aclexplode(o.acl) x))::text COLLATE "C" AS v
    FROM (${OWNED.join(' UNION ALL ')}) o`,
};

/** The first oid that is not the server's own: https://www.postgresql.org/docs/current/system-catalog-initial-data.html */
const FIRST_OID = 16_384;

/** Comments on whatever a copy has: publications and subscriptions are not made in it. */
export const COMMENTS: ObjectQuery = {
  objects: 'comments',
  query: `SELECT jsonb_build_array(i.type, i.identity, d.description)::text COLLATE "C" AS v
    FROM pg_description d, LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    WHERE (d.objoid >= ${FIRST_OID} OR (d.classoid = 'pg_namespace'::regclass AND d.objoid = to_regnamespace('public')))
      AND d.classoid NOT IN ('pg_publication'::regclass, 'pg_subscription'::regclass)
      AND i.identity IS NOT NULL AND coalesce(i.schema, '') !~ '^pg_'
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')`,
};
