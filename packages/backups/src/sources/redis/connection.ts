import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { isAbsolute } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { Workroom } from '../workroom.ts';
import { redisFailure, redisUrl } from './redis-cli.ts';
import { type Answer, AnswerReader, commandBytes, Push, RedisComplaint } from './resp.ts';
import type { RedisSpec } from './spec.ts';

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/** Where a server is, and how one logs in there. */
export type RedisPlace = Pick<RedisSpec, 'host' | 'port' | 'user' | 'password' | 'tls' | 'caFile'>;

async function openSocket({ host, port, tls, caFile }: RedisPlace): Promise<Socket> {
  if (!tls) {
    const socket = connect(isAbsolute(host) ? { path: host } : { host, port });
    await once(socket, 'connect');
    return socket;
  }
  const ca = caFile === undefined ? {} : { ca: await readFile(caFile) };
  // As redis-cli does: who signed the certificate counts, and not the name in it.
  const socket = connectTls({ host, port, ...ca, checkServerIdentity: () => undefined });
  await once(socket, 'secureConnect');
  return socket;
}

/**
 * A connection over which values are read. redis-cli would not do: it prints values and what the server tells by itself in
 * one stream of lines, and both may hold anything.
 */
export class RedisConnection {
  readonly #socket: Socket;
  readonly #reader = new AnswerReader();
  readonly #waiting: Waiting[] = [];
  readonly #url: string;
  #ended: unknown;
  /** Called with what the server tells by itself. */
  onPush: (push: Push) => void = () => undefined;

  private constructor(socket: Socket, url: string, signal: AbortSignal) {
    this.#socket = socket;
    this.#url = url;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('The connection was closed.')));
    const abort = (): void => this.#end(signal.reason, signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', abort));
  }

  /**
   * Connects and logs in.
   *
   * @throws `SOURCE_UNREACHABLE`, `SOURCE_LOGIN_REFUSED`
   */
  static async open(place: RedisPlace, room: Workroom): Promise<RedisConnection> {
    const url = redisUrl(place);
    room.signal.throwIfAborted();
    const password = place.password === undefined ? undefined : await room.secret(place.password);
    const login = password === undefined ? [] : ['AUTH', place.user ?? 'default', password];
    const socket = await openSocket(place).catch((error: unknown) => {
      throw redisFailure(url, error instanceof Error ? error.message : '', error);
    });
    const connection = new RedisConnection(socket, url, room.signal);
    try {
      await connection.ask('HELLO', '3', ...login);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /**
   * Sends a command; those that are under way are answered in order.
   *
   * @throws `SOURCE_LOGIN_REFUSED` the user may not; `SOURCE_UNREACHABLE`
   */
  async ask(...command: (string | Buffer)[]): Promise<Answer> {
    const answer = await new Promise<Answer>((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      this.#waiting.push({ resolve, reject });
      this.#socket.write(commandBytes(command));
    });
    if (answer instanceof RedisComplaint) throw redisFailure(this.#url, answer.message, answer);
    return answer;
  }

  close(): void {
    this.#end(new Error('The connection was closed.'));
  }

  #take(chunk: Buffer): void {
    try {
      for (const answer of this.#reader.feed(chunk)) {
        if (answer instanceof Push) this.onPush(answer);
        else this.#waiting.shift()?.resolve(answer);
      }
    } catch (error) {
      this.#end(error);
    }
  }

  #end(why: unknown, thrown: unknown = this.#failure(why)): void {
    if (this.#ended !== undefined) return;
    this.#ended = thrown;
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(thrown);
  }

  #failure(why: unknown): unknown {
    return redisFailure(this.#url, why instanceof Error ? why.message : '', why);
  }
}
