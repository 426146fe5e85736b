import { GROUPS, isGroup } from './groups.ts';

/** `group.option`: the option that counts as left out while tests run. */
export const WITHOUT_OPTION = 'HOLDFAST_WITHOUT_OPTION';

/** Set where options can be left out at all. */
export const OPTIONS_CAN_BE_LEFT_OUT = 'HOLDFAST_OPTIONS_CAN_BE_LEFT_OUT';

/**
 * Makes the option that `HOLDFAST_WITHOUT_OPTION` names count as left out, wherever it is given: what a test of it must
 * notice. The source is changed as it is loaded, so nothing in the product knows of this; it is the same source whatever
 * is left out.
 */
export function withoutOptions() {
  return {
    // Vitest keeps transformed modules by the names of the plugins.
    name: 'options can be left out',
    enforce: 'pre' as const,
    transform(code: string, id: string) {
      const path = id.split('?')[0] ?? id;
      let changed = code;
      for (const group of Object.keys(GROUPS).filter(isGroup)) {
        const { file, head, variable } = GROUPS[group].read;
        if (!path.endsWith(file)) continue;
        const found = head.exec(changed);
        if (found === null) {
          throw new Error(`${file} has no function that reads ${group} options`);
        }
        const at = found.index + found[0].length;
        changed = changed.slice(0, at) + leaveOut(group, variable) + changed.slice(at);
      }
      return changed === code ? undefined : { code: changed, map: null };
    },
  };
}

function leaveOut(group: string, variable: string): string {
  const named = `process.env.${WITHOUT_OPTION}`;
  return (
    ` if (${named}?.startsWith('${group}.') && typeof ${variable} === 'object' && ${variable} !== null)` +
    ` ${variable} = { ...${variable}, [${named}.slice(${group.length + 1})]: undefined } as never;`
  );
}
