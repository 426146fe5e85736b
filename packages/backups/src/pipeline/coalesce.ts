/** The size of the pieces that are hashed, compressed and stored, in bytes. Smaller ones cost throughput. */
export const PIECE_BYTES = 1024 * 1024;

/**
 * Gathers small chunks into pieces of about {@link PIECE_BYTES}. Takes no more from its source than the
 * consumer asks for. A piece is never touched again after it was handed out.
 */
export async function* coalesce(
  source: AsyncIterable<Uint8Array>,
  pieceBytes: number = PIECE_BYTES,
): AsyncGenerator<Uint8Array, void, void> {
  let chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    if (chunk.byteLength === 0) continue;
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size < pieceBytes) continue;
    yield join(chunks, size);
    chunks = [];
    size = 0;
  }
  if (size > 0) yield join(chunks, size);
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, size);
}
