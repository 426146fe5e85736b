import { HoldfastError } from './holdfast-error.ts';

/** A task that is executed elsewhere was called in a transaction. */
export function queueInTransaction({
  name,
  queue,
}: {
  readonly name: string;
  readonly queue: string | undefined;
}): HoldfastError {
  return new HoldfastError(
    'QUEUE_IN_TRANSACTION',
    `'${name}', which waits on the queue '${queue}', was called in a transaction: what another process does cannot be undone with it.`,
    {
      hint: 'Call it before or after the transaction, or here: with({ queue: undefined }).',
      retryable: false,
      context: { name, queue: queue ?? null },
    },
  );
}
