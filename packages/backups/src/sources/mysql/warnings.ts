import type { TableRows } from '../../model/fingerprint.ts';
import type { Contents } from './contents.ts';
import type { Tool } from './programs.ts';
import type { ServerFacts } from './server.ts';
import type { BrokenView } from './views.ts';

/** What warnings are made from. */
export interface Observed {
  readonly contents: Contents;
  readonly server: ServerFacts;
  readonly tool: Tool;
  readonly tables: readonly TableRows[];
  readonly broken: readonly BrokenView[];
}

/** Rights without which things are silently not in a dump, with what they are for. */
const RIGHTS: Readonly<Record<string, string>> = { TRIGGER: 'triggers', EVENT: 'events' };

function named(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and others` : shown;
}

function majorOf(version: string): readonly number[] {
  return version
    .split('.')
    .slice(0, 2)
    .map((part) => Number.parseInt(part, 10));
}

function isOlder(version: string, other: string): boolean {
  const [major = 0, minor = 0] = majorOf(version);
  const [otherMajor = 0, otherMinor = 0] = majorOf(other);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

function ofVersions({ server, tool }: Observed): readonly string[] {
  if (tool.flavor !== server.flavor) {
    return [`${tool.command} of ${tool.flavor} dumped a server of ${server.flavor}.`];
  }
  if (!isOlder(tool.version, server.version)) return [];
  return [`${tool.command} ${tool.version} is older than the server, ${server.version}.`];
}

/** What is no error of a dump, and worth knowing. */
export function warningsOf(observed: Observed): readonly string[] {
  const { contents, server, tables, broken } = observed;
  const warnings = [...ofVersions(observed)];
  const outside = contents.tables.filter((one) => !one.transactional).map(({ table }) => table);
  if (outside.length > 0) {
    warnings.push(
      `${outside.length} tables have no transactions, and are as they were when each was read: ${named(outside)}.`,
    );
  }
  const versioned = contents.tables.filter((one) => one.versioned).map(({ table }) => table);
  if (versioned.length > 0) {
    warnings.push(
      `The history of ${versioned.length} tables is not in the dump: ${named(versioned)}.`,
    );
  }
  const moving = tables.filter(({ most }) => most !== undefined).map(({ table }) => table);
  if (moving.length > 0) {
    warnings.push(
      `${moving.length} tables were written to as the dump began; their rows are known as ranges: ${named(moving)}.`,
    );
  }
  for (const { view, why } of broken) warnings.push(`The view ${view} cannot be read: ${why}.`);
  for (const [right, what] of Object.entries(RIGHTS)) {
    if (server.rights.includes(right)) continue;
    warnings.push(
      `The user has no right ${right}, unless by a role: ${what} may be missing in the dump.`,
    );
  }
  return warnings;
}
