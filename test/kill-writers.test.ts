import { describe, expect, it, onTestFinished } from 'vitest';
import { isProvided } from './servers/provided.ts';
import { missingSwiftPrograms } from './servers/swift.ts';
import { hasOpenSsh, SSHD_NEEDED } from './servers/sshd.ts';
import { killWriters } from './chaos/kill-writers.ts';
import { placeOnDisk, placeOnS3, placeOnSftp } from './chaos/writable-places.ts';

const missing = missingSwiftPrograms();
const hasSwift = isProvided(missing.length === 0, `OpenStack Swift: ${missing.join(', ')}`);
const hasSshd = isProvided(hasOpenSsh, SSHD_NEEDED);
const KILLS = 4;

// The short form of test/chaos/kill-writers.chaos.ts.
describe.each([
  ['on disk', placeOnDisk, true],
  ['on an SFTP server', placeOnSftp, hasSshd],
  ['on an S3 server', placeOnS3, hasSwift],
] as const)('a writer %s that is killed with SIGKILL', (_, open, isThere) => {
  it.runIf(isThere)(
    'loses nothing that it acknowledged, and shows nothing partial',
    { timeout: 300_000 },
    async () => {
      const place = await open();
      onTestFinished(() => place.close());
      const report = await killWriters(place, KILLS);
      expect(report).toMatchObject({ kills: KILLS, lost: [], partial: [], unswept: [] });
      expect(report.acknowledged).toBeGreaterThanOrEqual(KILLS);
    },
  );
});
