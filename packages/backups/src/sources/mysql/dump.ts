import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError } from '@holdfast/core';
import type { Child } from '@holdfast/core/process';
import { checkTail, Tail } from '../command/footer.ts';
import { type DumpFacts, type DumpStream, NO_FILES } from '../source.ts';
import type { Workroom } from '../workroom.ts';
import { type Contents, readContents } from './contents.ts';
import { contentOf, countRows, joinCounts, objectsOf, type RowCounts } from './counts.ts';
import { mysqlError } from './errors.ts';
import { type Login, prepareLogin } from './login.ts';
import { findTool, type Tool } from './programs.ts';
import { readServer, type ServerFacts } from './server.ts';
import { MysqlSession } from './session.ts';
import { mysqlUrl, type MysqlSpec } from './spec.ts';
import { checkViews } from './views.ts';
import { warningsOf } from './warnings.ts';

const LOOK_EVERY = 5;

/** What `--verbose` says once the dump's transaction is open; or when there was nothing to dump. */
const SNAPSHOT_TAKEN = /^-- (?:Setting savepoint|Retrieving|Releasing savepoint|Disconnecting)/m;

const ARGUMENTS = [
  '--single-transaction',
  '--quick',
  '--routines',
  '--events',
  '--triggers',
  '--hex-blob',
  '--verbose',
  '--default-character-set=utf8mb4',
  '--max-allowed-packet=1G',
];
/** What programs of MySQL do otherwise: write positions that a copy must not have, and ask for a right more. */
const OF_MYSQL = ['--set-gtid-purged=OFF', '--no-tablespaces', '--column-statistics=0'];

function dumpArguments(login: Login, tool: Tool, spec: MysqlSpec): readonly string[] {
  const more = tool.flavor === 'MySQL' ? OF_MYSQL : [];
  return [login.arg, ...ARGUMENTS, ...more, '--', spec.database];
}

async function untilSnapshot(child: Child, signal: AbortSignal): Promise<void> {
  let ended = false;
  void child.exited.then(() => (ended = true));
  while (!ended && !SNAPSHOT_TAKEN.test(child.stderrTail())) {
    signal.throwIfAborted();
    await delay(LOOK_EVERY);
  }
}

/**
 * A dump between two snapshots of ours: one is taken before its own and one after, some milliseconds apart, and rows
 * are counted in both. Where they agree, that is what the dump's snapshot held.
 */
class MysqlDump {
  readonly #spec: MysqlSpec;
  readonly #room: Workroom;
  readonly #tool: Tool;
  readonly #before: MysqlSession;
  readonly #after: MysqlSession;
  readonly #server: ServerFacts;
  readonly #contents: Contents;
  readonly #tail = new Tail();
  #counts: Promise<readonly [RowCounts, RowCounts]> | undefined;

  private constructor(
    spec: MysqlSpec,
    room: Workroom,
    tool: Tool,
    sessions: readonly [MysqlSession, MysqlSession],
    facts: readonly [ServerFacts, Contents],
  ) {
    this.#spec = spec;
    this.#room = room;
    this.#tool = tool;
    [this.#before, this.#after] = sessions;
    [this.#server, this.#contents] = facts;
  }

  static async open(spec: MysqlSpec, room: Workroom): Promise<MysqlDump> {
    const tool = await findTool('dump', room);
    const client = await findTool('client', room);
    const place = { address: spec, database: spec.database, client };
    const before = await MysqlSession.open(place, room);
    try {
      const after = await MysqlSession.open(place, room);
      try {
        const server = await readServer(before);
        const contents = await readContents(before, spec.database);
        return new MysqlDump(spec, room, tool, [before, after], [server, contents]);
      } catch (error) {
        await after.abandon();
        throw error;
      }
    } catch (error) {
      await before.abandon();
      throw error;
    }
  }

  get stream(): DumpStream {
    const expectedBytes = this.#server.dataBytes;
    return {
      plainName: `${this.#spec.name}.sql`,
      layers: ['zstd'],
      bytes: this.#bytes(),
      expectedBytes,
    };
  }

  async *#bytes(): AsyncGenerator<Uint8Array, void, void> {
    const { signal } = this.#room;
    const what = mysqlUrl(this.#spec, this.#spec.database);
    const login = await prepareLogin(this.#spec, this.#tool, this.#room);
    let child: Child | undefined;
    try {
      await this.#before.takeSnapshot();
      child = await this.#room.startChild(this.#tool.command, {
        args: dumpArguments(login, this.#tool, this.#spec),
        signal,
      });
      await untilSnapshot(child, signal);
      await this.#after.takeSnapshot();
      this.#counts = this.#count();
      // Who asks for the facts learns of it.
      this.#counts.catch(() => undefined);
      for await (const chunk of child.stdout ?? []) {
        this.#tail.add(chunk as Buffer);
        yield chunk as Buffer;
      }
      await child.done;
    } catch (error) {
      throw mysqlError(error, what);
    } finally {
      await child?.kill();
      await login.forget();
    }
    checkTail(what, this.#tail, {
      minBytes: 1,
      footer: { pattern: '^-- Dump completed', flags: 'm' },
    });
  }

  async #count(): Promise<readonly [RowCounts, RowCounts]> {
    const { tables } = this.#contents;
    const { checksums } = this.#spec;
    const transactional = tables.filter((one) => one.transactional);
    return Promise.all([
      countRows(this.#before, transactional, checksums),
      countRows(this.#after, transactional, checksums),
    ]);
  }

  /** Tables without transactions are in no snapshot: they are counted before the dump and after it. */
  async countOutside(): Promise<RowCounts> {
    const outside = this.#contents.tables.filter((one) => !one.transactional);
    return countRows(this.#before, outside, this.#spec.checksums);
  }

  async facts(outsideBefore: RowCounts): Promise<DumpFacts> {
    const [before, after] = (await this.#counts) ?? [new Map(), new Map()];
    const outsideAfter = await this.countOutside();
    const unchanged = await readContents(this.#after, this.#spec.database);
    const { schemaSha256 } = this.#contents;
    if (unchanged.schemaSha256 !== schemaSha256) throw this.#changed();
    const broken = await checkViews(this.#after, this.#contents.views);
    const [first, last] = [
      new Map([...before, ...outsideBefore]),
      new Map([...after, ...outsideAfter]),
    ];
    const tables = joinCounts(first, last).toSorted((a, b) => (a.table < b.table ? -1 : 1));
    const objects = objectsOf(this.#contents, contentOf(first, last));
    const { database } = this.#spec;
    const { flavor, version, charset, collation } = this.#server;
    return {
      fingerprint: { kind: 'server', databases: [{ database, schemaSha256, tables, objects }] },
      tools: [
        { name: this.#tool.command, version: this.#tool.version },
        { name: flavor, version },
      ],
      identity: {
        flavor,
        charset,
        collation,
        definers: [...this.#contents.definers],
        brokenViews: broken.map(({ view }) => view),
      },
      warnings: warningsOf({
        contents: this.#contents,
        server: this.#server,
        tool: this.#tool,
        tables,
        broken,
      }),
      changed: NO_FILES,
      vanished: NO_FILES,
    };
  }

  #changed(): HoldfastError {
    return new HoldfastError(
      'DUMP_INCOMPLETE',
      `The schema of ${this.#spec.database} changed while it was dumped.`,
      { hint: 'Nothing was published. Try again when no migration runs.', context: {} },
    );
  }

  /** Ends both sessions. Never throws. */
  async close(): Promise<void> {
    await Promise.all([this.#before.abandon(), this.#after.abandon()]);
  }
}

/** Dumps one database. */
export async function* dumpMysqlDatabase(
  spec: MysqlSpec,
  room: Workroom,
): AsyncGenerator<DumpStream, DumpFacts, void> {
  const dump = await MysqlDump.open(spec, room);
  try {
    const outside = await dump.countOutside();
    yield dump.stream;
    return await dump.facts(outside);
  } finally {
    await dump.close();
  }
}
