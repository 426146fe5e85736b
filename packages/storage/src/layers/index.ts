/**
 * Layers over any object store: each gives a store that does as the one below, and one thing more.
 *
 * @module @holdfast/storage/layers
 */
export { withBandwidth } from './bandwidth.ts';
export type { BandwidthLayerOptions } from './bandwidth.ts';
export { memoryChecksumLedger } from './checksum-ledger.ts';
export type { ChecksumLedger } from './checksum-ledger.ts';
export { withChecksums } from './checksums.ts';
export type { ChecksumLayerOptions } from './checksums.ts';
export { withConcurrency } from './concurrency.ts';
export type { ConcurrencyLayerOptions } from './concurrency.ts';
export { withMetrics } from './metrics.ts';
export type { MetricsLayerOptions, StoreCall } from './metrics.ts';
export { withPrefix } from './prefix.ts';
export { withRetries } from './retries.ts';
export type { RetriedCall, RetryLayerOptions } from './retrier.ts';
export { withTimeouts } from './timeouts.ts';
export type { TimeoutLayerOptions } from './timeouts.ts';
