/** A parameter of a function as its text has it. A pattern (`{ name }`, `[first]`) has no name. */
export interface Parameter {
  readonly name: string | undefined;
  /** It takes all arguments from its place on. */
  readonly rest: boolean;
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/u;
const SINGLE = /^(?:async\s+)?(?<name>[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*)\s*=>/u;
const OPENING = '([{';
const CLOSING = ')]}';
/** Where a slash begins a regular expression, rather than dividing. */
const BEFORE_EXPRESSION = '=(,:[!&|?{};+-*%~^<>';

/** Walks over the text of a function, and tells code from what only looks like it. */
class Scanner {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.at >= this.#text.length;
  }

  /**
   * The next character of code; for a comment a blank, for a text or a regular expression a quote. Passes it.
   *
   * @param before the last character of code that was no blank
   */
  next(before: string): string {
    const char = this.#text[this.at] ?? '';
    const two = this.#text.slice(this.at, this.at + 2);
    if (two === '//') return this.#pass(this.#text.indexOf('\n', this.at), 1, ' ');
    if (two === '/*') return this.#pass(this.#text.indexOf('*/', this.at + 2), 2, ' ');
    if (char === '"' || char === "'") return this.#quoted(char);
    if (char === '`') return this.#template();
    if (char === '/' && BEFORE_EXPRESSION.includes(before)) return this.#expression();
    this.at++;
    return char;
  }

  #pass(end: number, length: number, as: string): string {
    this.at = end < 0 ? this.#text.length : end + length;
    return as;
  }

  #quoted(quote: string): string {
    for (this.at++; !this.done; this.at++) {
      const char = this.#text[this.at];
      if (char === '\\') this.at++;
      else if (char === quote) break;
    }
    this.at++;
    return '"';
  }

  #expression(): string {
    let inClass = false;
    for (this.at++; !this.done; this.at++) {
      const char = this.#text[this.at];
      if (char === '\\') this.at++;
      else if (char === '[') inClass = true;
      else if (char === ']') inClass = false;
      else if (char === '/' && !inClass) break;
    }
    this.at++;
    return '"';
  }

  #template(): string {
    for (this.at++; !this.done; this.at++) {
      const char = this.#text[this.at];
      if (char === '\\') this.at++;
      else if (char === '`') break;
      else if (char === '$' && this.#text[this.at + 1] === '{') {
        this.at += 2;
        this.#until('}');
        this.at--;
      }
    }
    this.at++;
    return '"';
  }

  /** Passes code up to and with a closing bracket of the present depth. */
  #until(closing: string): void {
    let depth = 0;
    let before = '{';
    while (!this.done) {
      const char = this.next(before);
      if (depth === 0 && char === closing) return;
      if (OPENING.includes(char)) depth++;
      else if (CLOSING.includes(char)) depth--;
      if (char.trim() !== '') before = char;
    }
  }
}

/** The code between the parentheses of the parameter list, split at its commas. */
function parts(text: string): string[] {
  const scanner = new Scanner(text);
  const found = [''];
  let depth = 0;
  let inside = false;
  let before = '(';
  while (!scanner.done) {
    const char = scanner.next(before);
    if (char.trim() !== '') before = char;
    if (CLOSING.includes(char)) depth--;
    if (inside && depth === 0) break;
    if (inside && depth === 1 && char === ',') found.push('');
    else if (inside) found[found.length - 1] += char;
    // A computed name of a method stands in brackets, before the list.
    if (char === '(' && depth === 0) inside = true;
    if (OPENING.includes(char)) depth++;
  }
  return found.map((part) => part.trim()).filter((part) => part !== '');
}

/** The parameters in the text of a function, in order. */
export function parametersIn(text: string): readonly Parameter[] {
  const single = SINGLE.exec(text)?.groups?.['name'];
  if (single !== undefined) return [{ name: single, rest: false }];
  return parts(text).map((part) => {
    const rest = part.startsWith('...');
    return { name: IDENTIFIER.exec(rest ? part.slice(3).trim() : part)?.[0], rest };
  });
}

function textOf(fn: Function): string {
  return Function.prototype.toString.call(fn);
}

/** The parameters of a function, read from its text. Of a native or bound one there are none to be seen. */
export function parametersOf(fn: Function): readonly Parameter[] {
  return parametersIn(textOf(fn));
}

/** Whether the text of a function shows its code: that of a native or bound one does not. */
export function showsSource(fn: Function): boolean {
  return !/\{\s*\[native code\]\s*\}\s*$/.test(textOf(fn));
}
