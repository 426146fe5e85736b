/** Refuses a caller that knows only an older schema. */
export function raiseNewer(version: number): string {
  return `
  if p_known < ${version} then
    raise exception 'the schema is newer' using errcode = 'HF001', detail = '${version}';
  end if;`;
}

/** A commit that need not wait for the disk does not; one that must does, whatever the server's own setting is. Other settings go along. */
export function waitForDisk(settings: string): string {
  return `
  if not p_sync then
    perform set_config('synchronous_commit', 'off', true), ${settings};
  elsif current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true), ${settings};
  else
    perform ${settings};
  end if;`;
}
