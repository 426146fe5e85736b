/**
 * Object stores in Azure Blob Storage.
 *
 * @module @holdfast/storage/azure
 */
export { azureObjectStore } from './azure-object-store.ts';
export type { AzureCredential, AzureObjectStoreOptions, AzureTokenCredential } from './options.ts';
