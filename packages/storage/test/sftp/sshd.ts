import { hasOpenSsh, SSHD_NEEDED } from '../../../../test/servers/sshd.ts';
import { isProvided } from '../provided.ts';

export { startSshd } from '../../../../test/servers/sshd.ts';
export type { Sshd } from '../../../../test/servers/sshd.ts';

/** Whether the tests of this file can run. */
export const hasSshd = isProvided(hasOpenSsh, SSHD_NEEDED);
