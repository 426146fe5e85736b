/**
 * Waits for a call that may be slow to notice that it was aborted.
 *
 * @throws the signal's reason, at once; what the call does later is left to itself
 */
export async function atOnce<T>(signal: AbortSignal, call: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([call, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // One of the two may still be rejected, when nobody looks any more.
    call.catch(() => undefined);
    aborted.catch(() => undefined);
  }
}
