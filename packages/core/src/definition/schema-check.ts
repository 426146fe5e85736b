import type { StandardSchemaV1 } from '@standard-schema/spec';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { InputCheck } from './definition.ts';

function describe(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? [])
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}

/** The error for arguments that a definition does not take. */
export function inputInvalid(name: string, at: number, problems: readonly string[]): HoldfastError {
  return new HoldfastError(
    'INPUT_INVALID',
    `Argument ${at + 1} of '${name}' was refused: ${problems.join('; ')}.`,
    {
      hint: 'Correct the argument; the run was not started.',
      retryable: false,
      context: { name, argument: at + 1 },
    },
  );
}

/** Whether a value is a Standard Schema. */
export function isSchema(value: unknown): value is StandardSchemaV1 {
  const standard: unknown =
    typeof value === 'function' || (typeof value === 'object' && value !== null)
      ? (value as { readonly '~standard'?: unknown })['~standard']
      : undefined;
  return typeof (standard as StandardSchemaV1.Props | undefined)?.validate === 'function';
}

/** Whether a value is a Standard Schema, or a list of at least one. */
export function isSchemas(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 && value.every(isSchema) : isSchema(value);
}

/** Checks arguments by Standard Schemas, one a parameter; what a schema gives is what the function gets. */
export function schemaCheck(
  input: StandardSchemaV1 | readonly StandardSchemaV1[],
  name: string,
): InputCheck {
  const schemas = '~standard' in input ? [input] : input;
  return async (args) => {
    const checked = [...args];
    for (const [at, schema] of schemas.entries()) {
      const result = await schema['~standard'].validate(args[at]);
      if (result.issues !== undefined) throw inputInvalid(name, at, result.issues.map(describe));
      if (at < checked.length || result.value !== undefined) checked[at] = result.value;
    }
    return checked;
  };
}

/** What a schema makes of a value, or what is wrong with it. */
export type CheckedValue =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Checks one value by a Standard Schema. */
export async function checkValue(schema: StandardSchemaV1, value: unknown): Promise<CheckedValue> {
  const result = await schema['~standard'].validate(value);
  return result.issues === undefined
    ? { ok: true, value: result.value }
    : { ok: false, problems: result.issues.map(describe) };
}
