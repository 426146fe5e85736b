import { GROUPS, isGroup } from './groups.ts';

/** `group.option`: the option that counts as left out in this test run. */
export const WITHOUT_OPTION = 'HOLDFAST_WITHOUT_OPTION';

/**
 * Makes an option count as left out, wherever it is given: what a test of it must notice. The source is changed as it
 * is loaded, so nothing in the product knows of this.
 *
 * @param which `group.option`
 */
export function withoutOption(which: string) {
  const [group = '', option = ''] = which.split('.');
  if (!isGroup(group)) throw new Error(`${WITHOUT_OPTION}: there is no group '${group}'`);
  const { file, head, variable } = GROUPS[group].read;
  return {
    // Vitest keeps transformed modules by the names of the plugins.
    name: `without ${which}`,
    enforce: 'pre' as const,
    transform(code: string, id: string) {
      if (!id.split('?')[0]?.endsWith(file)) return undefined;
      const found = head.exec(code);
      if (found === null) throw new Error(`${file} has no function that reads ${group} options`);
      const at = found.index + found[0].length;
      const change = ` if (typeof ${variable} === 'object' && ${variable} !== null) ${variable} = { ...${variable}, ${option}: undefined } as never;`;
      return { code: code.slice(0, at) + change + code.slice(at), map: null };
    },
  };
}
