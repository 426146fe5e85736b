/** Rows of one table, counted in the transaction that the dump was taken from. */
export interface TableRows {
  readonly table: string;
  readonly rows: number;
  /**
   * Where a table was written to in the moment between two snapshots, the dump's own among them: the most rows that it
   * can have; `rows` are then the fewest. Absent: `rows` is exact.
   */
  readonly most?: number;
}

/**
 * What a database held at the moment of its dump. A restored copy is compared with this, never with the
 * dump itself: a dump that lost rows has good checksums too.
 */
export interface DatabaseFingerprint {
  readonly kind: 'database';
  /** Hex SHA-256 over the schema: every object's type, name, table and SQL, and the database's version fields. */
  readonly schemaSha256: string;
  /** Every table whose rows could be counted, in order of name. */
  readonly tables: readonly TableRows[];
  /** Rows that break a foreign key. 0 unless the source's spec accepts them. */
  readonly foreignKeyViolations: number;
}

/** What a file tree held, as it passed on its way into the archive. */
export interface TreeFingerprint {
  readonly kind: 'tree';
  /** Members of every type, the root directory included. */
  readonly members: number;
  /** Regular files among them; further names of the same file (hard links) are not counted. */
  readonly files: number;
  /** Content of the regular files, in bytes. */
  readonly bytes: number;
  /** Hex SHA-256 over the member list, which is an artifact of its own. */
  readonly membersSha256: string;
  /** Name of the artifact that holds the member list: see {@link TreeMember}. */
  readonly memberList: string;
}

/** One line of a member list: JSON, one object a line, in the archive's order. */
export interface TreeMember {
  /** Relative to the root, with `/` between its parts; '.' is the root itself. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink';
  /** Permission bits, set-uid, set-gid and sticky included; in octal, four digits. Not kept for symlinks. */
  readonly mode?: string;
  /** Size of a file in bytes. */
  readonly bytes?: number;
  /** Hex SHA-256 of a file's content. */
  readonly sha256?: string;
  /** A symlink's text, or the path of the member that a hard link is another name of. */
  readonly target?: string;
}

/** How many objects of one kind a database holds, besides tables. */
export interface ObjectCount {
  /** In plural: 'views', 'routines', 'triggers', 'events', 'sequences', 'large objects'. */
  readonly objects: string;
  readonly count: number;
  /** Hex SHA-256 over what tells them apart: names and definitions, positions, sizes. Absent: counted alone. */
  readonly sha256?: string;
}

/** Where a sequence stood. Sequences are in no snapshot: its position was read before the dump and after it. */
export interface SequenceRange {
  readonly sequence: string;
  /** The last value that it had given out before the dump; or the value before its first. In decimal digits. */
  readonly from: string;
  /** The same after the dump. */
  readonly to: string;
}

/** What one database of a server held, read in the transaction that the dump was taken from. */
export interface ServerDatabase {
  readonly database: string;
  /** Hex SHA-256 over what defines the schema, in the form that the kind of server gives it. */
  readonly schemaSha256: string;
  /** Every table, in order of name; a name tells the schema too where there are several: `public.orders`. */
  readonly tables: readonly TableRows[];
  /** Everything else that is compared, in order of name. */
  readonly objects: readonly ObjectCount[];
  /** Sequences, in order of name; absent where there are none. */
  readonly sequences?: readonly SequenceRange[];
}

/** What the dumped databases of a server held. */
export interface ServerFingerprint {
  readonly kind: 'server';
  /** In order of name. */
  readonly databases: readonly ServerDatabase[];
}

/** How many of something a source held: asked before and after its dump, so that the dump lies between the two. */
export interface CountRange {
  /** 'orders', 'keys in db0'. */
  readonly what: string;
  readonly least: number;
  /** Equal to `least` where the source stood still. */
  readonly most: number;
}

/** Hashes of the values of some keys of a key-value store. */
export interface ValueParts {
  readonly db: number;
  /** 0: keys that do not expire; else those that expire from the bound of this number on, and before the next. */
  readonly window: number;
  /** 8 characters a part; dots where it has changed. */
  readonly hashes: string;
}

/** What keys held all the time from before a dump until after it. */
export interface ValueFingerprint {
  /** In how many parts keys are divided, by hashes of their names. */
  readonly parts: number;
  /** Parts with keys that were written to meanwhile: nothing is known of these. */
  readonly changed: readonly number[];
  /** Moments in epoch milliseconds by which keys that expire are told apart; what expires before the first is left out. */
  readonly bounds: readonly number[];
  readonly values: readonly ValueParts[];
}

/** What is known of a dump that is one stream, and of the source behind it. */
export interface StreamFingerprint {
  readonly kind: 'stream';
  /** What the program that dumps has printed, in bytes: it proves the way from there on, not the program. */
  readonly bytes: number;
  /** What the source itself said that it holds, in order of name. Empty: it was not asked. */
  readonly counts: readonly CountRange[];
  /** Absent: values were not read. */
  readonly values?: ValueFingerprint;
}

/** What was in the source at the moment of the dump, in the form that its kind has. */
export type Fingerprint =
  | DatabaseFingerprint
  | ServerFingerprint
  | StreamFingerprint
  | TreeFingerprint;
