import { objectStoreSuite } from '@holdfast/core/testing';
import { describe, vi } from 'vitest';
import { hasSwift, swiftSubject, useSwift } from './swift.ts';

vi.setConfig({ testTimeout: 120_000 });
useSwift();

describe.runIf(hasSwift)('on OpenStack Swift', () => {
  objectStoreSuite('s3ObjectStore', () => swiftSubject());
});
