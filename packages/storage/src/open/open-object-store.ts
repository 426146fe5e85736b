import type { ObjectStore, SecretResolvers } from '@holdfast/core';
import { PlaceUrl, urlInvalid } from './place-url.ts';
import type { Credentials } from './place-url.ts';
import { OPENERS } from './places.ts';

/** What an object store needs beside its URL. */
export interface OpenObjectStoreOptions {
  /**
   * Secrets by the names that the adapter has for them: `accessKeyId`, `secretAccessKey` and `sessionToken` for s3,
   * `accountKey` or `sas` for azure, `password`, `privateKey` and `passphrase` for sftp. Default: what the adapter finds by itself.
   */
  readonly credentials?: Credentials;
  /** Resolve secrets of other schemes than `env` and `file`. */
  readonly resolvers?: SecretResolvers;
}

/**
 * Opens the object store at a URL. The adapter is loaded now; the package of its service with the first call.
 *
 * | URL | store |
 * | --- | --- |
 * | `memory:`, `memory:name` | a new one in memory, each time |
 * | `file:///var/backups` | a directory of this machine |
 * | `s3://bucket/prefix?region=eu-central-1` | a bucket of Amazon S3 |
 * | `s3://bucket/prefix?endpoint=https://s3.example` | of another service that speaks its protocol |
 * | `azure://account/container/prefix` | a container of Azure Blob Storage |
 * | `sftp://user@host/srv/backups?fingerprint=SHA256:…` | a directory on an SFTP server; `/~/` for one below the login's |
 *
 * The query sets options of the adapter by their names; docs/guide/object-stores.md lists them. A URL holds no
 * secrets, as it is logged and kept in manifests. The URL that a store tells of itself opens the same place.
 *
 * @throws `OBJECT_STORE_URL_INVALID` for a scheme or an option that is unknown, and for what may be a secret
 * @throws what the adapter throws for its options: `OPTIONS_INVALID`, `OBJECT_STORE_INVALID`, `OBJECT_KEY_INVALID`
 */
export async function openObjectStore(
  url: string | URL,
  options: OpenObjectStoreOptions = {},
): Promise<ObjectStore> {
  const place = new PlaceUrl(url);
  const open = OPENERS.get(place.scheme);
  if (open === undefined) {
    const known = [...OPENERS.keys()].map((scheme) => `${scheme}:`).join(', ');
    const problem = `has the scheme '${place.scheme}:', for which there is no adapter`;
    throw urlInvalid(problem, `There are adapters for ${known}.`);
  }
  const { credentials = {}, resolvers } = options;
  return open(place, { credentials, resolvers });
}
