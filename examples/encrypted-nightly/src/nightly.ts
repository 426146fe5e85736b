import { nightlyBackup, sqliteSource } from '@holdfast/backups';
import { secret } from '@holdfast/core';

/** Whom backups are encrypted for: public keys, which may stand in the code. */
export interface Recipients {
  /** Its identity lies where drills run. */
  readonly main: string;
  /** Its identity lies in a safe, for the day on which the other one is lost. */
  readonly spare: string;
}

/** Backs up the notes each night, encrypted for two recipients, and restores the copy for proof. */
export function encryptedNightly(database: string, { main, spare }: Recipients, identity: string) {
  return nightlyBackup({
    name: 'encrypted-nightly',
    sources: [sqliteSource({ name: 'notes', path: database })],
    stores: { primary: 'primary' },
    encryption: { recipients: [main, spare] },
    identities: [secret(`file:${identity}`)],
  });
}
