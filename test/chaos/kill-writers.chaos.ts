import { expect, it, onTestFinished } from 'vitest';
import { hasOpenSsh } from '../servers/sshd.ts';
import { missingSwiftPrograms } from '../servers/swift.ts';
import { killWriters } from './kill-writers.ts';
import { runsOr } from './kill.ts';
import { placeOnDisk, placeOnS3, placeOnSftp } from './writable-places.ts';

it.for([
  ['on disk', placeOnDisk, true],
  ['on an SFTP server', placeOnSftp, hasOpenSsh],
  ['on an S3 server', placeOnS3, missingSwiftPrograms().length === 0],
] as const)(
  'a writer %s loses nothing that it acknowledged, and shows nothing partial',
  // A large object takes seconds on a busy machine.
  { timeout: 3_600_000 },
  async ([where, open, isThere], { skip }) => {
    if (!isThere) skip('its server is not installed');
    const place = await open();
    onTestFinished(() => place.close());
    const report = await killWriters(place, runsOr(100));
    expect(report).toMatchObject({ lost: [], partial: [], unswept: [] });
    const { kills, acknowledged, orphans } = report;
    console.log(`${where}, ${kills} kills: ${acknowledged} objects acknowledged, all whole`);
    console.log(`unfinished writes at most at a time: ${orphans}, all swept`);
  },
);
