import type { Artifact } from '../model/manifest.ts';
import { shellQuote } from '../publish/shell-quote.ts';
import { PASSPHRASE } from '../encryption/recipient.ts';

/** Where the commands of RESTORE.md put what they have decrypted; for its user alone. */
const DECRYPTED = 'decrypted';

/** Whether an artifact is encrypted. */
export function isEncrypted({ layers }: Pick<Artifact, 'layers'>): boolean {
  return layers.includes('age');
}

function openedName({ name }: Pick<Artifact, 'name'>): string {
  return name.replace(/\.age$/, '');
}

/**
 * An artifact as the commands of a {@link RestoreGuide} find it, as one quoted word: the stored file, or what was
 * decrypted of it before, in a file as well: in a pipe, a plain sh would not see that decryption failed. Where the
 * artifact has the layer `zstd` it is still compressed.
 */
export function openedFile(artifact: Pick<Artifact, 'name' | 'layers'>): string {
  const name = openedName(artifact);
  return shellQuote(isEncrypted(artifact) ? `./${DECRYPTED}/${name}` : `./${name}`);
}

/**
 * The commands that decrypt artifacts; they ask for the passphrase where there is one. Given again after an attempt that
 * failed, they begin anew.
 */
export function decryptCommands(encrypted: readonly Artifact[]): readonly string[] {
  return [
    `(umask 077 && rm -rf ${DECRYPTED} && mkdir ${DECRYPTED})`,
    ...encrypted.map((artifact) => {
      const stored = shellQuote(`./${artifact.name}`);
      return `age -d \${AGE_IDENTITY:+-i "$AGE_IDENTITY"} -o ${openedFile(artifact)} ${stored}`;
    }),
  ];
}

/** Removes what was decrypted, once it is restored. */
export const FORGET_COMMAND = `rm -r ${DECRYPTED}`;

/** What RESTORE.md says of the encryption, in one line. */
export function encryptionLine(recipients: readonly string[]): string {
  return recipients.includes(PASSPHRASE)
    ? 'Encrypted with age and a passphrase, which is asked for once for each file.'
    : `Encrypted with age for ${recipients.join(', ')}. Set AGE_IDENTITY first, to the path of a file ` +
        'that holds the identity of one of them: export AGE_IDENTITY=/path/to/key.txt';
}
