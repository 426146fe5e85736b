import { Readable } from 'node:stream';

/** Read ahead of the reader, in bytes. */
const BUFFERED = 256 * 1024;

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason), { cause: reason });
}

/**
 * A child's stdout as its reader sees it. Two things differ from the pipe itself. It ends only when
 * somebody who knows the exit code says so: a pipe ends just as quietly when its writer was killed. And
 * nothing is lost when reading begins after the child's exit, where Node throws away what no one reads.
 */
export class ChildOutput extends Readable {
  /** Resolves when the pipe has given all it had, or was closed. */
  readonly ended: Promise<void>;
  readonly #pipe: Readable;
  #unbounded = false;
  #draining = false;
  #readError: Error | undefined;

  constructor(pipe: Readable) {
    super({ highWaterMark: BUFFERED });
    this.#pipe = pipe;
    this.ended = new Promise((resolve) => {
      pipe.once('close', resolve);
    });
    pipe.on('data', (chunk: Buffer) => {
      if (!this.destroyed && !this.push(chunk) && !this.#unbounded) pipe.pause();
    });
    pipe.on('error', (error) => {
      this.#readError = error;
    });
    // Who reads hears of it by their own means; for everybody else there is `done`.
    this.on('error', () => {});
  }

  /** Why the pipe could not be read to its end. */
  get readError(): Error | undefined {
    return this.#readError;
  }

  /** Takes what is left without waiting for the reader. Only once no one writes any more: the pipe's own buffer is all there is. */
  takeRest(): void {
    this.#unbounded = true;
    this.#pipe.resume();
  }

  /** Gives the reader an error now. What the child still prints is thrown away, so that it can end properly. */
  cut(reason: unknown): void {
    this.#draining = true;
    this.destroy(asError(reason));
  }

  /** Ends the stream, behind what is still buffered; or destroys it with an error. */
  finish(failure: { readonly reason: unknown } | undefined): void {
    if (this.destroyed) return;
    if (failure === undefined) this.push(null);
    else this.destroy(asError(failure.reason));
  }

  override _read(): void {
    this.#pipe.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.#draining) this.#pipe.resume();
    else this.#pipe.destroy();
    callback(error);
  }
}
