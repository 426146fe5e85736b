/**
 * Object stores on SFTP servers.
 *
 * @module @holdfast/storage/sftp
 */
export { HostKeyError } from './host-key-error.ts';
export type { SftpHostKey } from './host-key.ts';
export type { SftpObjectStoreOptions } from './options.ts';
export { sftpObjectStore } from './sftp-object-store.ts';
