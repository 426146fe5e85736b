import { PIECE_BYTES } from './coalesce.ts';

/**
 * Gathers the chunks of a stream into pieces of {@link PIECE_BYTES}, as `piecesOf` gives them: **a piece stays as it is
 * until the next one is asked for.** Chunks that are pieces already pass as they are.
 */
export async function* gather(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  let filled = 0;
  for await (const chunk of source) {
    if (filled === 0 && chunk.byteLength === PIECE_BYTES) {
      yield chunk;
      continue;
    }
    for (let at = 0; at < chunk.byteLength;) {
      const part = chunk.subarray(at, at + PIECE_BYTES - filled);
      piece.set(part, filled);
      filled += part.byteLength;
      at += part.byteLength;
      if (filled < PIECE_BYTES) continue;
      yield piece;
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
