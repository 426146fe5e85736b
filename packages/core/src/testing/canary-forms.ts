import { base64Bodies } from '../secret/secret-forms.ts';

/** One thing to look for. */
export interface CanaryForm {
  /** How the value was written, for reports. */
  readonly name: string;
  /** In bytes. */
  readonly bytes: Buffer;
}

/**
 * What a text of ASCII letters and digits looks like once it was encoded. URL, JSON and quoting leave such a text
 * alone, so that they need no form of their own.
 */
export function canaryForms(text: string): CanaryForm[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  const forms: [string, string | Buffer][] = [
    ['plain', bytes],
    ['UTF-16', Buffer.from(text, 'utf16le')],
    ['hex', hex],
    ['HEX', hex.toUpperCase()],
  ];
  for (const [offset, body] of base64Bodies(bytes).entries()) {
    forms.push([`base64 at offset ${offset}`, body]);
    const url = body.replaceAll('+', '-').replaceAll('/', '_');
    if (url !== body) forms.push([`base64url at offset ${offset}`, url]);
  }
  return forms.map(([name, form]) => ({ name, bytes: Buffer.from(form) }));
}

/** A form that was seen at an offset. */
export interface Sighting {
  readonly form: string;
  /** In bytes, from the beginning of the place. */
  readonly offset: number;
}

/** Looks for forms in bytes that come in pieces. */
export class CanaryWatch {
  readonly #forms: readonly CanaryForm[];
  readonly #overlap: number;
  readonly #seen = new Map<string, Sighting>();
  #held = Buffer.alloc(0);
  #offset = 0;

  constructor(forms: readonly CanaryForm[]) {
    this.#forms = forms;
    this.#overlap = Math.max(0, ...forms.map((form) => form.bytes.length - 1));
  }

  push(piece: Uint8Array): void {
    const bytes = Buffer.concat([this.#held, piece]);
    for (const form of this.#forms) {
      let at = bytes.indexOf(form.bytes);
      while (at !== -1) {
        const offset = this.#offset + at;
        this.#seen.set(`${offset} ${form.name}`, { form: form.name, offset });
        at = bytes.indexOf(form.bytes, at + 1);
      }
    }
    const held = Math.min(bytes.length, this.#overlap);
    this.#offset += bytes.length - held;
    this.#held = Buffer.from(bytes.subarray(bytes.length - held));
  }

  get sightings(): Sighting[] {
    return [...this.#seen.values()];
  }
}
