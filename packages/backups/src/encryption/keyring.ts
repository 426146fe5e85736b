import { type Identity, identityToRecipient } from 'age-encryption';
import { HoldfastError, isSecret, type Secret } from '@holdfast/core';
import type { ReadSecret } from '../sources/workroom.ts';
import { openHeader } from './header.ts';
import { passphraseIdentity } from './passphrase.ts';
import { PASSPHRASE } from './recipient.ts';
import { isPem, readSshIdentity } from './ssh-identity.ts';
import { sshLine } from './ssh-recipient.ts';

/**
 * What encrypted backups are read with: a Secret whose value is the text of an identity file (lines that begin with
 * `AGE-SECRET-KEY-1`, comments among them) or of an SSH private key without a passphrase; or the Secret of a
 * passphrase.
 */
export type IdentityOption = Secret | { readonly passphrase: Secret };

/** A key that may fit. */
interface Key {
  readonly identity: string | Identity;
  /** Its public side, as it stands in manifests. */
  readonly recipient: string;
}

/** What opened a header. */
export interface OpenedHeader {
  readonly fileKey: Uint8Array;
  /** Whose identity it was: the public side. */
  readonly recipient: string;
}

function invalid(secret: Secret, why: string): HoldfastError {
  return new HoldfastError('IDENTITY_INVALID', `${String(secret)} ${why}.`, {
    hint: 'Its value should be the text of a file that age-keygen wrote, or of an SSH key without a passphrase.',
    retryable: false,
    context: { reference: secret.reference },
  });
}

function sshKeyIn(text: string, secret: Secret): Key {
  try {
    const { key, identity } = readSshIdentity(text);
    return { identity, recipient: sshLine(key) };
  } catch (error) {
    // Messages of ours, or of OpenSSL: neither shows the key.
    throw invalid(secret, `holds no SSH private key that age takes: ${(error as Error).message}`);
  }
}

/** No message shows a line: it may be a secret. */
async function identitiesIn(text: string, secret: Secret): Promise<Key[]> {
  if (isPem(text)) return [sshKeyIn(text, secret)];
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const wanted = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const keys: Key[] = [];
  for (const identity of wanted) {
    const recipient = await identityToRecipient(identity).catch(() => {
      throw invalid(secret, 'holds a line that is no identity of age');
    });
    keys.push({ identity, recipient });
  }
  if (keys.length === 0) throw invalid(secret, 'holds no identity of age');
  return keys;
}

/** @throws `OPTIONS_INVALID` */
export function checkIdentities(identities: readonly IdentityOption[]): void {
  const wrong = identities.findIndex((one) => !isSecret(one) && !isSecret(one.passphrase));
  if (wrong === -1) return;
  throw new HoldfastError('OPTIONS_INVALID', `identities: number ${wrong + 1} is no Secret.`, {
    hint: "Refer to it: secret('file:/run/secrets/backup-key'). Never the identity itself.",
    retryable: false,
  });
}

/** The identities that a work may decrypt with. They are read when the first artifact needs them. */
export class Keyring {
  readonly #identities: readonly IdentityOption[];
  readonly #secret: ReadSecret;
  readonly #used = new Set<string>();
  #keys: Promise<readonly Key[]> | undefined;

  /** @throws `OPTIONS_INVALID` */
  constructor(identities: readonly IdentityOption[], secret: ReadSecret) {
    checkIdentities(identities);
    this.#identities = identities;
    this.#secret = secret;
  }

  /** Whose identities have opened something: their public sides. */
  get used(): readonly string[] {
    return [...this.#used].toSorted();
  }

  /**
   * Opens the header of an artifact.
   *
   * @throws `IDENTITY_MISSING` none was given; `IDENTITY_UNFIT` none fits; `IDENTITY_INVALID`; what reading a secret throws
   * @throws Error the header is broken, or was altered
   */
  async open(
    header: Uint8Array,
    artifact: { readonly name: string; readonly recipients?: readonly string[] },
  ): Promise<OpenedHeader> {
    this.#keys ??= this.#read();
    for (const { identity, recipient } of await this.#keys) {
      const fileKey = await openHeader(header, identity);
      if (fileKey === null) continue;
      this.#used.add(recipient);
      return { fileKey, recipient };
    }
    throw this.#unfit(artifact);
  }

  async #read(): Promise<readonly Key[]> {
    const keys: Key[] = [];
    for (const one of this.#identities) {
      if (isSecret(one)) keys.push(...(await identitiesIn(await this.#secret(one), one)));
      else {
        const identity = passphraseIdentity(await this.#secret(one.passphrase));
        keys.push({ identity, recipient: PASSPHRASE });
      }
    }
    return keys;
  }

  #unfit({
    name,
    recipients = [],
  }: {
    readonly name: string;
    readonly recipients?: readonly string[];
  }): HoldfastError {
    const missing = this.#identities.length === 0;
    const whose = recipients.join(', ');
    return new HoldfastError(
      missing ? 'IDENTITY_MISSING' : 'IDENTITY_UNFIT',
      missing
        ? `The artifact ${name} is encrypted, and no identity was given.`
        : `None of the identities given opens the artifact ${name}.`,
      {
        hint: `It is encrypted for: ${whose}. Pass the identity of one of them in identities, as a Secret.`,
        retryable: false,
        context: { artifact: name, recipients: [...recipients] },
      },
    );
  }
}
