import { archiveBackup, dumpSource, fileTree, verifyByRestore } from '@holdfast/backups';
import { flow, task } from '@holdfast/core';

/** A host, and where its files are mounted here. */
export interface Host {
  readonly name: string;
  readonly mount: string;
}

/** One host: dumped, proven, copied. Takes a share of `hosts` while it works, and none while its steps are made. */
export const backUpHost = task(
  async ({ name, mount }: Host): Promise<string> => {
    const limits = ['hosts'];
    const source = fileTree({ name, path: mount });
    const backup = await dumpSource.with({ limits })({ source, store: 'primary' });
    await verifyByRestore.with({ limits })({ backup });
    const { id } = await archiveBackup.with({ limits })(backup, 'vault');
    return id;
  },
  { name: 'backUpHost', runName: ({ name }: Host) => `back up ${name}` },
);

/** How the night went. */
export interface Night {
  readonly done: number;
  /** Hosts without a backup, and why. */
  readonly failed: readonly { readonly host: string; readonly why: string }[];
}

/** All hosts: one that fails keeps no other from its backup. */
export const backUpHosts = flow(
  async (hosts: readonly Host[]): Promise<Night> => {
    const outcomes = await backUpHost.with({ concurrency: 8 }).map(hosts).outcomes();
    const failed = outcomes.flatMap((one, at) =>
      one.ok ? [] : [{ host: hosts[at]?.name ?? '', why: one.error.message }],
    );
    return { done: outcomes.length - failed.length, failed };
  },
  { name: 'back-up-hosts', durable: true },
);
