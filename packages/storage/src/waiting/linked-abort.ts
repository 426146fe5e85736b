/** A signal of one's own that another one aborts, too. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /** Lets go of the other signal, which may live much longer. */
  release(): void;
}

export function linkedAbort(other: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(other?.reason);
  if (other?.aborted === true) onAbort();
  else other?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => other?.removeEventListener('abort', onAbort),
  };
}
