import { randomInt } from 'node:crypto';
import { canaryForms } from './canary-forms.ts';
import type { CanaryForm } from './canary-forms.ts';
import { CanaryPlace, lookInBytes } from './canary-places.ts';
import { leavesOf } from './canary-values.ts';

/** Where the canary was found. */
export interface CanaryFinding {
  /** The name the place was given, and the way from there: a path in a value, or a file. */
  readonly where: string;
  /** In bytes, from the beginning of that text or file. */
  readonly offset: number;
  /** How the value was written, and which half of it was seen. */
  readonly form: string;
}

/**
 * Places by name. Each is a {@link filesUnder}, a {@link processWithPid} or a {@link bytesOf}, or any value: a text,
 * bytes, an error, an object, an array of those.
 */
export type CanaryPlaces = Readonly<Record<string, unknown>>;

/** A secret that is put into a system to see where it comes out. */
export interface SecretCanary {
  /**
   * An unguessable text, different with every canary, with characters that each encoding changes:
   * a space, quotes, a slash, a backslash, percent and plus signs, a letter outside of ASCII.
   */
  readonly value: string;
  /**
   * Where the value is, in whole or by one half: as it is, URL-encoded, escaped, in hex, in UTF-16, in base64 and
   * base64url at any offset. Nothing is found in base64 that is broken into lines, or in what is encrypted.
   */
  findIn(places: CanaryPlaces): Promise<CanaryFinding[]>;
  /**
   * @throws Error that lists the findings, never the value
   */
  expectAbsent(places: CanaryPlaces): Promise<void>;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** 62^16: about 95 bits a half. No chance finding, and neither half can be had from the other. */
const HALF = 16;
const SHOWN = 20;

function randomHalf(): string {
  return Array.from({ length: HALF }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

async function look(
  name: string,
  place: unknown,
  forms: readonly CanaryForm[],
): Promise<CanaryFinding[]> {
  if (place instanceof CanaryPlace) {
    const sightings = await place.look(forms);
    return sightings.map(({ where, form, offset }) => ({
      where: `${name}: ${where}`,
      offset,
      form,
    }));
  }
  const findings: CanaryFinding[] = [];
  for (const { path, bytes } of leavesOf(place, name)) {
    findings.push(...(await lookInBytes(path, [bytes], forms)));
  }
  return findings;
}

/** Makes a canary. */
export function secretCanary(): SecretCanary {
  const [first, second] = [randomHalf(), randomHalf()];
  // What an encoding may do to the value, it does around the halves: these survive as they are.
  const forms = [
    ...canaryForms(first).map((form) => ({ ...form, name: `${form.name}, first half` })),
    ...canaryForms(second).map((form) => ({ ...form, name: `${form.name}, second half` })),
  ];
  const findIn = async (places: CanaryPlaces): Promise<CanaryFinding[]> => {
    const findings: CanaryFinding[] = [];
    for (const [name, place] of Object.entries(places)) {
      findings.push(...(await look(name, place, forms)));
    }
    return findings;
  };
  return {
    value: `é ${first}/+%"'\\${second}&=?`,
    findIn,
    expectAbsent: async (places) => {
      const findings = await findIn(places);
      if (findings.length === 0) return;
      const lines = findings.slice(0, SHOWN).map(({ where, offset, form }) => {
        return `  ${where}, offset ${offset} (${form})`;
      });
      const more = findings.length > SHOWN ? `\n  and ${findings.length - SHOWN} more` : '';
      throw new Error(`The secret was found:\n${lines.join('\n')}${more}`);
    },
  };
}
