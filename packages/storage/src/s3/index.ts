/**
 * Object stores in Amazon S3, and in services that speak its protocol.
 *
 * @module @holdfast/storage/s3
 */
export { s3ObjectStore } from './s3-object-store.ts';
export type { S3Credentials, S3ObjectStoreOptions } from './options.ts';
