import { optionsInvalid } from '../errors/errors.ts';
import { isSecret } from '../secret/secret.ts';
import type { Definition, Loose } from './definition.ts';
import { parametersOf } from './parameter-names.ts';

type Arguments = readonly unknown[];
/** A part of a template: a text, or what stands in its place for these arguments. */
type Part = string | ((args: Arguments) => unknown);

/** A placeholder, or a brace that is written twice to stand for itself. */
const PLACEHOLDER = /\{\{|\}\}|\{(?<path>[^{}]*)\}/g;
const PATH = /^[^\s.{}]+(?:\.[^\s.{}]+)*$/;
/** Longer values are cut. */
const LONGEST = 80;

/** A value in the name of a run: short, and readable where it is a text, a number, a date. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Date) return value.toISOString();
  if (isSecret(value)) return value.toString();
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > LONGEST ? `${text.slice(0, LONGEST).toWellFormed()}…` : text;
}

function memberOf(value: unknown, name: string): unknown {
  return value === undefined || value === null ? undefined : (value as never)[name];
}

/** What a placeholder stands for: an argument by its position or its parameter's name, or a member of it. */
function reader(what: string, fn: Loose, path: string): (args: Arguments) => unknown {
  const [first = '', ...members] = path.split('.');
  const parameters = parametersOf(fn);
  const at = /^\d+$/.test(first)
    ? Number(first)
    : parameters.findIndex(({ name }) => name === first);
  if (at < 0 || !PATH.test(path)) {
    const names = parameters.flatMap(({ name }) => name ?? []).join(', ');
    throw optionsInvalid(
      what,
      `runName has the placeholder '{${path}}', and its function has no such parameter`,
      `Its text has these: ${names === '' ? 'none' : names}. Positions do, too: {0}, {0.name}. A brace that is meant is written twice.`,
    );
  }
  const rest = parameters[at]?.rest === true && parameters[at].name === first;
  return (args) => members.reduce(memberOf, rest ? args.slice(at) : args[at]);
}

function partsOf(what: string, fn: Loose, template: string): readonly Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of template.matchAll(PLACEHOLDER)) {
    const { path } = match.groups ?? {};
    parts.push(template.slice(from, match.index));
    parts.push(path === undefined ? match[0].slice(1) : reader(what, fn, path));
    from = match.index + match[0].length;
  }
  parts.push(template.slice(from));
  return parts;
}

/**
 * Reads the option `runName`: a template becomes a function of the arguments.
 *
 * @throws `OPTIONS_INVALID` for a placeholder that stands for nothing
 */
export function runNameOption(what: string, fn: Loose, given: unknown): Definition['runName'] {
  if (typeof given !== 'string') return given as Definition['runName'];
  const parts = partsOf(what, fn, given);
  if (parts.every((part) => typeof part === 'string')) return parts.join('');
  return (...args) =>
    parts.map((part) => (typeof part === 'string' ? part : shown(part(args)))).join('');
}

/** What people call a run with these arguments, as the field of its record; empty when its definition does not say. */
export function runNameOf(definition: Definition, args: Arguments): { readonly runName?: string } {
  const { runName } = definition;
  if (typeof runName !== 'function') return runName === undefined ? {} : { runName };
  try {
    return { runName: runName(...args) };
  } catch {
    // A name is for people: it must not keep a run from starting.
    return {};
  }
}
