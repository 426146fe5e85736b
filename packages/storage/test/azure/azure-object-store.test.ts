import { objectStoreSuite } from '@holdfast/core/testing';
import { describe, vi } from 'vitest';
import { azureSubject, useAzurite } from './azurite.ts';

vi.setConfig({ testTimeout: 60_000 });
useAzurite();

describe('on Azurite', () => {
  objectStoreSuite('azureObjectStore', azureSubject);
});
