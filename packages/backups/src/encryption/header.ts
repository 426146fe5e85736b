import { Decrypter, Encrypter, type Identity, type Recipient } from 'age-encryption';

/** More than any header that makes sense, in bytes: some 1,000 recipients. */
export const MOST_HEADER_BYTES = 256 * 1024;

/** A header, and the key that its payload is encrypted with. */
export interface SealedHeader {
  readonly header: Uint8Array;
  readonly fileKey: Uint8Array;
}

/**
 * Where the header ends in what was read so far: behind the line that begins with three hyphens; -1 when it is
 * not all there.
 */
export function headerEnd(bytes: Buffer): number {
  const mac = bytes.indexOf('\n--- ');
  const end = mac === -1 ? -1 : bytes.indexOf('\n', mac + 1);
  return end === -1 ? -1 : end + 1;
}

/** Makes a new file key and wraps it for every recipient. */
export async function sealHeader(
  recipients: readonly (string | Recipient)[],
): Promise<SealedHeader> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  const made = Promise.withResolvers<Uint8Array>();
  encrypter.addRecipient({
    wrapFileKey: (fileKey) => {
      made.resolve(fileKey);
      return [];
    },
  });
  // An empty file: all that stands before its nonce and its one chunk is the header.
  const file = Buffer.from(await encrypter.encrypt(new Uint8Array()));
  return { header: file.subarray(0, headerEnd(file)), fileKey: await made.promise };
}

/**
 * Opens a header with one identity.
 *
 * @returns the file key; null when the identity is that of none of the recipients
 * @throws Error the header is broken, or was altered
 */
export async function openHeader(
  header: Uint8Array,
  identity: string | Identity,
): Promise<Uint8Array | null> {
  let isUnfit = false;
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  // Asked only when the one before did not fit.
  decrypter.addIdentity({
    unwrapFileKey: () => {
      isUnfit = true;
      return null;
    },
  });
  try {
    return await decrypter.decryptHeader(header);
  } catch (error) {
    if (isUnfit) return null;
    throw error;
  }
}
