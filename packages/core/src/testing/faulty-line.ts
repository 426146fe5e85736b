import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** How many bytes may still pass before a line is cut; a way that is left out may carry any number. */
export interface CutOptions {
  /** To the service. */
  readonly up?: number;
  /** From the service. */
  readonly down?: number;
  /** Whether the ends see a connection that was closed, as if all were said (`'end'`, the default), or one that was reset. */
  readonly how?: 'end' | 'reset';
}

/** What lies between an adapter and its service, at a test's command. */
export interface Line {
  /** How many bytes have passed, to the service and from it. */
  readonly passed: { readonly up: number; readonly down: number };
  /**
   * Cuts all connections when so many more bytes have passed, at once when none may; from then on none is accepted
   * until {@link mend}.
   */
  cut(options?: CutOptions): void;
  /** Lets nothing pass any more; connections stay open, and new ones are accepted. */
  stall(): void;
  /** Lets no more than so many bytes pass at a time, each time in a turn of the event loop of its own. */
  slow(bytes: number): void;
  /** Ends what `cut`, `stall` and `slow` have begun. */
  mend(): void;
}

/** A line of TCP connections, to be put before a real service. */
export interface FaultyLine extends Line {
  readonly host: '127.0.0.1';
  /** Where an adapter connects to, instead of the service. */
  readonly port: number;
  /** How many connections are open. */
  readonly connections: number;
  /** Cuts what is open and stops listening. */
  close(): Promise<void>;
}

type Way = 'up' | 'down';

class TcpLine implements FaultyLine {
  readonly host = '127.0.0.1';
  readonly passed = { up: 0, down: 0 };
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #budget: { up: number; down: number; how: 'end' | 'reset' } | undefined;
  #dead = false;
  #stalled = false;
  #atATime: number | undefined;
  /** Sockets whose last bytes are still passing in pieces. */
  readonly #trickling = new Map<Socket, Promise<void>>();

  constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (client) =>
      this.#join(client),
    );
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#sockets.size / 2;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, this.host);
    await once(this.#server, 'listening');
  }

  cut({ up, down, how = 'end' }: CutOptions = {}): void {
    const any = Number.POSITIVE_INFINITY;
    const none = up === undefined && down === undefined;
    this.#budget = { up: up ?? (none ? 0 : any), down: down ?? (none ? 0 : any), how };
    if (none) this.#sever(how);
  }

  stall(): void {
    this.#stalled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  slow(bytes: number): void {
    this.#atATime = bytes;
  }

  mend(): void {
    this.#budget = undefined;
    this.#dead = false;
    this.#stalled = false;
    this.#atATime = undefined;
    for (const socket of this.#sockets) this.#resume(socket);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#sever('end');
    await closed;
  }

  #resume(socket: Socket): void {
    if (!this.#stalled && !this.#trickling.has(socket)) socket.resume();
  }

  #sever(how: 'end' | 'reset'): void {
    this.#dead = true;
    for (const socket of this.#sockets) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  #join(client: Socket): void {
    if (this.#dead) {
      client.destroy();
      return;
    }
    const service = connect({ ...this.#target, noDelay: true, allowHalfOpen: true });
    this.#pump(client, service, 'up');
    this.#pump(service, client, 'down');
  }

  #pump(from: Socket, to: Socket, way: Way): void {
    this.#sockets.add(from);
    from.on('data', (bytes) => {
      const size = this.#atATime;
      if (size === undefined) this.#pass(bytes, from, to, way);
      else this.#trickling.set(from, this.#trickle(bytes, size, from, to, way));
    });
    to.on('drain', () => this.#resume(from));
    // It may come while what was before it is still passing in pieces.
    from.on(
      'end',
      () => void (this.#trickling.get(from) ?? Promise.resolve()).then(() => to.end()),
    );
    // What is wrong with it is said by the close that follows.
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      if (!from.readableEnded) to.destroy();
    });
    if (this.#stalled) from.pause();
  }

  async #trickle(bytes: Buffer, size: number, from: Socket, to: Socket, way: Way): Promise<void> {
    from.pause();
    for (let at = 0; at < bytes.byteLength && !to.destroyed; at += size) {
      this.#pass(bytes.subarray(at, at + size), from, to, way);
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#trickling.delete(from);
    this.#resume(from);
  }

  #pass(bytes: Buffer, from: Socket, to: Socket, way: Way): void {
    const budget = this.#budget;
    const part = budget === undefined ? bytes : bytes.subarray(0, budget[way]);
    this.passed[way] += part.byteLength;
    if (budget !== undefined) budget[way] -= part.byteLength;
    const isCut = part.byteLength < bytes.byteLength || budget?.[way] === 0;
    if (!isCut) {
      if (part.byteLength > 0 && !to.write(part)) from.pause();
      return;
    }
    // What may still pass gets there before the cut.
    to.write(part, () => this.#sever(budget?.how ?? 'end'));
    from.pause();
  }
}

/**
 * A line of TCP connections to a service, which a test cuts, stalls, slows down and counts: for adapters that talk over a network.
 * It listens on a free port of 127.0.0.1.
 *
 * ```ts
 * const line = await faultyLine({ host: '127.0.0.1', port: 5432 });
 * // connect to line.host, line.port
 * line.cut({ down: 100_000 });
 * ```
 */
export async function faultyLine(target: {
  readonly host: string;
  readonly port: number;
}): Promise<FaultyLine> {
  const line = new TcpLine(target);
  await line.listen();
  return line;
}
