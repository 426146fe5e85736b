import { secret } from '@holdfast/core';
import { describe, expect, it } from 'vitest';
import { sftpSettings } from '../../src/sftp/options.ts';
import { refuseServer, refuseWrite } from '../../src/sftp/refusals.ts';
import type { Requests } from '../../src/sftp/requests.ts';

const PLACE = { host: 'vault.example', username: 'backup', directory: '/srv' };
const options = { ...PLACE, password: secret('env:PASSWORD') };
const INVALID = expect.objectContaining({ code: 'OBJECT_STORE_INVALID', retryable: false });

/** A server that lacks an extension. */
function without(extension: string): Requests {
  return { offers: (asked: string) => asked !== `${extension}@openssh.com` } as Requests;
}

describe('a server that lacks an extension', () => {
  it('is refused for a write that needs it, and for no other', () => {
    const settings = sftpSettings(options);
    expect(() => refuseServer(without('nothing'), settings, 'hardlink')).not.toThrow();
    expect(() => refuseServer(without('fsync'), settings, undefined)).toThrow(INVALID);
    expect(() => refuseServer(without('hardlink'), settings, 'hardlink')).toThrow(INVALID);
    expect(() => refuseServer(without('hardlink'), settings, undefined)).not.toThrow();
    expect(() => refuseServer(without('posix-rename'), settings, 'looks')).toThrow(INVALID);
    expect(() => refuseServer(without('posix-rename'), settings, 'hardlink')).not.toThrow();
  });

  it('is taken without fsync when that is said', () => {
    const settings = sftpSettings({ ...options, sync: 'where-offered' });
    expect(() => refuseServer(without('fsync'), settings, undefined)).not.toThrow();
  });
});

describe('ifAbsent', () => {
  it('is kept as the store was opened, or refused', () => {
    const write = (ifAbsent: 'hardlink' | 'looks' | 'refused') =>
      refuseWrite('a', { ifAbsent: true }, sftpSettings({ ...options, ifAbsent }));
    expect([write('hardlink'), write('looks')]).toEqual(['hardlink', 'looks']);
    expect(() => write('refused')).toThrow(INVALID);
  });
});
