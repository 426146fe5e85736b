import { randomUUID } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import type { Child } from '@holdfast/core/process';

async function* linesOf(child: Child): AsyncGenerator<string, void, void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of child.stdout ?? []) {
    const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** What a session is made of. */
export interface ProgramSessionParts {
  /** A server's own client, which reads statements from a pipe. */
  readonly child: Child;
  /** The server, without credentials: for messages. */
  readonly what: string;
  /** What makes the client print a line of this text, once it is done with statements. */
  readonly mark: (text: string) => string;
  /** What the failure of the client means. */
  readonly explain: (error: unknown) => unknown;
  /** Removes what the client has logged in with. Never throws. */
  readonly forget: () => Promise<void>;
}

/** One session with a server, held open by the server's own client: statements are answered one after another. */
export class ProgramSession {
  readonly #parts: ProgramSessionParts;
  readonly #lines: AsyncGenerator<string, void, void>;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: ProgramSessionParts) {
    this.#parts = parts;
    this.#lines = linesOf(parts.child);
  }

  /** Gives statements to the client, and the lines that it printed back. */
  ask(statements: string): Promise<string[]> {
    const answer = this.#turn.then(() => this.#exchange(statements));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  /** Ends the session; a transaction that is open is rolled back. Never throws. */
  async close(): Promise<void> {
    await this.#turn;
    // At the end of its input the client takes its leave of the server; killed, it would leave a line in the server's log.
    this.#parts.child.stdin?.end();
    await this.#parts.child.done.catch(() => undefined);
    await this.#parts.forget();
  }

  /** Ends the session at once, whatever it is doing. Never throws. */
  async abandon(): Promise<void> {
    await this.#parts.child.kill().catch(() => undefined);
    await this.#parts.forget();
  }

  async #exchange(statements: string): Promise<string[]> {
    const { child, what, mark, explain } = this.#parts;
    const end = `holdfast-${randomUUID()}`;
    const lines: string[] = [];
    try {
      child.stdin?.write(`${statements}\n${mark(end)}\n`);
      for (;;) {
        const step = await this.#lines.next();
        if (step.done === true) break;
        if (step.value === end) return lines;
        lines.push(step.value);
      }
      // It ended without an error, and without an answer: somebody else closed it.
      await child.done;
      throw new Error(`${what}: the session was closed.`);
    } catch (error) {
      await child.kill().catch(() => undefined);
      throw explain(error);
    }
  }
}
