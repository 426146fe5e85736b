import { describe } from 'vitest';
import { sourceContract } from '@holdfast/backups/testing';
import { hasRedis } from '../../../../test/servers/redis.ts';
import { redisSubject } from './subject.ts';

describe.skipIf(!hasRedis)('with redis-server', () => {
  sourceContract('Redis', redisSubject);
});
