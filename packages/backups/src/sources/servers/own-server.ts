import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { Child } from '@holdfast/core/process';
import type { Workroom } from '../workroom.ts';
import { startScratchServer } from './scratch-server.ts';
import { makeServerHome, type ServerHome } from './server-home.ts';
import { linkTo } from './socket-link.ts';

/** How long a server may take to start, and how long to stop, in milliseconds. */
const START_LIMIT = 120_000;
const STOP_LIMIT = 20_000;
const LOOK_EVERY = 50;

/** A program and its arguments. */
export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** What a kind of server needs to be had for oneself. */
export interface OwnServerParts {
  /** What it is called in messages: 'PostgreSQL'. */
  readonly what: string;
  /** Users that it may run as where this process is root. */
  readonly users: readonly string[];
  /** Makes its files, in its home. */
  readonly initialise: (home: ServerHome) => ServerCommand | Promise<ServerCommand>;
  readonly serve: (home: ServerHome) => ServerCommand;
  /** Where its socket is, and what that is called: its path may be too long, and a short way is made to it. */
  readonly socket: (home: ServerHome) => { readonly directory: string; readonly name: string };
  /** Whether it can be worked with. */
  readonly isReady: (link: string, home: ServerHome) => Promise<boolean>;
  /** Which signal ends it so that it gives back what SIGKILL would leave. */
  readonly stopSignal: NodeJS.Signals;
}

/** A server of one's own. */
export interface OwnServer {
  /** A short path of the directory with its socket. */
  readonly link: string;
  /** Ends it, and removes its files. */
  stop(): Promise<void>;
}

function notStarted(what: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('SCRATCH_SERVER_FAILED', `A scratch ${what} did not start: ${why}`, {
    hint: 'See what it said. Another scratch directory, or a given server for scratch copies, may help.',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What a program printed before it failed, in short; undefined for every other error. */
function complaintOf(error: unknown): string | undefined {
  if (!isHoldfastError(error) || error.code !== 'TOOL_FAILED') return undefined;
  const { stderr } = error.context;
  return typeof stderr === 'string' && stderr.trim() !== '' ? stderr.trim() : error.message;
}

function surroundings({ path, user }: ServerHome) {
  return {
    env: { LC_ALL: 'C' },
    cwd: path,
    stdout: 'ignore',
    ...(user === undefined ? {} : { user }),
  } as const;
}

async function initialise(parts: OwnServerParts, home: ServerHome, room: Workroom): Promise<void> {
  const { program, args } = await parts.initialise(home);
  const child = await room.startChild(program, {
    args,
    ...surroundings(home),
    signal: room.signal,
  });
  try {
    await child.done;
  } catch (error) {
    const complaint = complaintOf(error);
    if (complaint === undefined) throw error;
    throw notStarted(parts.what, complaint, error);
  }
}

async function untilReady(
  { what, isReady }: OwnServerParts,
  started: { readonly link: string; readonly home: ServerHome; readonly child: Child },
  signal: AbortSignal,
): Promise<void> {
  const { link, home, child } = started;
  let ended = false;
  void child.exited.then(() => (ended = true));
  for (let waited = 0; !(await isReady(link, home)); waited += LOOK_EVERY) {
    signal.throwIfAborted();
    if (ended) throw notStarted(what, child.stderrTail().trim());
    if (waited >= START_LIMIT) throw notStarted(what, `it was not ready after ${START_LIMIT} ms`);
    await delay(LOOK_EVERY);
  }
}

async function stop(child: Child, signal: NodeJS.Signals): Promise<void> {
  try {
    process.kill(child.identity.pid, signal);
  } catch {
    // It has ended by itself.
  }
  const limit = new AbortController();
  const late = delay(STOP_LIMIT, undefined, { signal: limit.signal }).catch(() => undefined);
  await Promise.race([child.exited, late]);
  limit.abort();
  await child.kill().catch(() => undefined);
  await child.done.catch(() => undefined);
}

/**
 * Makes a server of one's own in the room, starts it, and waits until it can be worked with.
 *
 * @throws `SCRATCH_SERVER_FAILED`, `TOOL_MISSING`
 */
export async function startOwnServer(parts: OwnServerParts, room: Workroom): Promise<OwnServer> {
  const home = await makeServerHome(room, parts.users);
  let child: Child | undefined;
  let link: string | undefined;
  const end = async (): Promise<void> => {
    if (child !== undefined) await stop(child, parts.stopSignal);
    if (link !== undefined) await rm(link, { force: true });
    await home.remove();
  };
  try {
    await initialise(parts, home, room);
    const { directory, name } = parts.socket(home);
    link = await linkTo(directory, name);
    const { program, args } = parts.serve(home);
    child = await startScratchServer(room, program, { args, ...surroundings(home) });
    await untilReady(parts, { link, home, child }, room.signal);
    return { link, stop: end };
  } catch (error) {
    await end();
    throw error;
  }
}
