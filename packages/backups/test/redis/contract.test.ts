import { describe } from 'vitest';
import { sourceContract } from '@holdfast/backups/testing';
import { redisSubject } from './subject.ts';
import { canRun } from './harness.ts';

describe.skipIf(!canRun)('with redis-server', () => {
  sourceContract('Redis', redisSubject);
});
