import type { Flavor } from './programs.ts';
import type { MysqlSession } from './session.ts';

/** What a server says of itself, of the chosen database, and of who asks. */
export interface ServerFacts {
  readonly flavor: Flavor;
  /** '10.11.19-MariaDB-0+deb12u1' */
  readonly version: string;
  readonly charset: string;
  readonly collation: string;
  /** What the tables take, as the server estimates; a dump is of about that size. */
  readonly dataBytes: number;
  /** Rights that the user was given on everything, or on the database; those of roles are not among them. */
  readonly rights: readonly string[];
}

const FACTS = `SELECT JSON_ARRAY(VERSION(), DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME,
    (SELECT COALESCE(SUM(DATA_LENGTH), 0) FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE <> 'VIEW'))
  FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()`;

/** The account as these tables name it: nothing is escaped. A host has no @, a user may have one. */
const GRANTEE = `CONCAT('''', LEFT(CURRENT_USER(), CHAR_LENGTH(CURRENT_USER()) - 1
    - CHAR_LENGTH(SUBSTRING_INDEX(CURRENT_USER(), '@', -1))), '''@''',
    SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')`;

/** Of the rights on databases, the name may be a pattern. */
const RIGHTS = `SELECT JSON_ARRAY(PRIVILEGE_TYPE) FROM information_schema.USER_PRIVILEGES
    WHERE GRANTEE = ${GRANTEE}
  UNION SELECT JSON_ARRAY(PRIVILEGE_TYPE) FROM information_schema.SCHEMA_PRIVILEGES
    WHERE GRANTEE = ${GRANTEE} AND DATABASE() LIKE TABLE_SCHEMA`;

/** Asks a server what it is. */
export async function readServer(session: MysqlSession): Promise<ServerFacts> {
  const [facts] = await session.rows<[string, string, string, number]>(FACTS);
  const [version = '', charset = '', collation = '', dataBytes = 0] = facts ?? [];
  const rights = await session.rows<[string]>(RIGHTS);
  return {
    flavor: /mariadb/i.test(version) ? 'MariaDB' : 'MySQL',
    version,
    charset,
    collation,
    dataBytes,
    rights: rights.map(([right]) => right),
  };
}
