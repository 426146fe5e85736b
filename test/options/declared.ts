import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OptionGroup } from './option-group.ts';

/** An option as its source declares it. */
export interface DeclaredOption {
  readonly name: string;
  readonly required: boolean;
  /** Its doc comment, on one line. */
  readonly meaning: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

function bodyOf(source: string, name: string, file: string): string {
  const start = new RegExp(`export interface ${name}\\b[^]*?\\{\\n`).exec(source);
  if (start === null) throw new Error(`${file} declares no interface ${name}`);
  const from = start.index + start[0].length;
  return source.slice(from, source.indexOf('\n}', from) + 1);
}

function oneLine(comment: string): string {
  return comment
    .replaceAll(/^\s*\/?\*+\/?|\*\/$/gm, ' ')
    .replaceAll(/\{@link ([\w.]+)\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Members of an interface stand two spaces in, their comment right before them. */
const MEMBER = /^ {2}(?:(\/\*\*[^]*?\*\/)\s*)?(?:readonly )?(\w+)(\??)[:(<]/gm;

/** The members of an interface, with what their doc comments say. */
export function declaredOptions({ declared }: Pick<OptionGroup, 'declared'>): DeclaredOption[] {
  return declared.flatMap(({ file, names }) => {
    const source = readFileSync(`${root}/${file}`, 'utf8');
    return names.flatMap((name) =>
      Array.from(
        bodyOf(source, name, file).matchAll(MEMBER),
        ([, comment = '', option = '', optional]): DeclaredOption => ({
          name: option,
          required: optional !== '?',
          meaning: oneLine(comment),
        }),
      ),
    );
  });
}
