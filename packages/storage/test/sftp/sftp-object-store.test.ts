import { objectStoreSuite } from '@holdfast/core/testing';
import { describe, vi } from 'vitest';
import { sftpSubject, useSshd } from './places.ts';
import { hasSshd } from './sshd.ts';

vi.setConfig({ testTimeout: 120_000 });
useSshd();

describe.runIf(hasSshd)("on OpenSSH's server", () => {
  objectStoreSuite('sftpObjectStore', () => sftpSubject());
});
