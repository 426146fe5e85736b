/** A statement as it is given to a {@link PostgresClient}. */
export interface PostgresStatement {
  /**
   * One that is prepared once for a session has a name, and is not parsed again. Never where `notifications` is false:
   * there a session is shared, and nothing is left in it.
   */
  readonly name?: string;
  readonly text: string;
  readonly values: unknown[];
  /** How values are read: ours, whatever the host has set for its own. */
  readonly types: TypeParsers;
}

/** How the values of a type are read. */
export interface TypeParsers {
  /** The reader of the type with this object id. */
  getTypeParser(oid: number, format?: string): (value: string) => unknown;
}

/** What is used of a connection of the package `pg`. */
export interface PostgresClient {
  /** Runs one statement. */
  query(statement: PostgresStatement): Promise<{
    readonly command: string;
    readonly rowCount: number | null;
    readonly rows: unknown[];
  }>;
  /** Told when the connection is cut while no statement runs. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Told what the server notifies of. */
  on(
    event: 'notification',
    listener: (told: { readonly payload?: string | undefined }) => void,
  ): unknown;
  /** Lets the process end although the connection is open. */
  unref?(): void;
  /** Gives the connection back; with true it is not used again. */
  release(destroy?: boolean): void;
}

/** What is used of a `Pool` of the package `pg`. */
export interface PostgresPool {
  /** Gives a connection to be used alone until it is released. */
  connect(): Promise<PostgresClient>;
  /** Told when an idle connection is cut. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Told of each new connection, before anybody uses it. */
  on(event: 'connect', listener: (client: PostgresClient) => void): unknown;
  /** Ends the first. */
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  /** Ends the second. */
  removeListener(event: 'connect', listener: (client: PostgresClient) => void): unknown;
}

const asNumber = (value: string): number => Number(value);
const asText = (value: string): string => value;

/** By the object ids of PostgreSQL's own types: https://www.postgresql.org/docs/current/catalog-pg-type.html */
const READERS: ReadonlyMap<number, (value: string) => unknown> = new Map<
  number,
  (value: string) => unknown
>([
  [16, (value) => value === 't'],
  [20, asNumber],
  [21, asNumber],
  [23, asNumber],
  [700, asNumber],
  [701, asNumber],
  [114, (value) => JSON.parse(value) as unknown],
]);

/** Numbers are numbers, JSON is what it says, all else is text. */
export const TYPES: TypeParsers = {
  getTypeParser: (oid) => READERS.get(oid) ?? asText,
};
