/**
 * The base64 text that a value gives wherever it stands in a longer one. Three bytes make four characters, so
 * there are three ways to begin; characters that also hold bits of the neighbours are left out, up to one
 * on each side. RFC 4648, section 4.
 */
export function base64Bodies(bytes: Uint8Array): string[] {
  return [0, 1, 2].map((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((padded.length * 8) / 6);
    return padded.toString('base64').slice(from, to);
  });
}

function base64Forms(bytes: Uint8Array): string[] {
  const padded = Buffer.from(bytes).toString('base64');
  const bodies = base64Bodies(bytes);
  // At the end of a text the last character is known as well: the missing bits are zero.
  const ends = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replaceAll('=', '')
      .slice(Math.ceil((before * 8) / 6)),
  );
  const forms = [padded, ...ends, ...bodies];
  return [...forms, ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}

function percentEncode(character: string): string {
  const hex = Buffer.from(character).toString('hex').toUpperCase();
  return hex.replace(/../g, '%$&');
}

/** Which characters a program leaves as they are differs: JavaScript, RFC 3986, forms, and URLs as a whole. */
function urlForms(value: string): string[] {
  const keep = (allowed: RegExp): string =>
    Array.from(value, (each) => (allowed.test(each) ? each : percentEncode(each))).join('');
  const forms = [
    keep(/[A-Za-z0-9\-_.~]/),
    keep(/[A-Za-z0-9\-_.!~*'()]/),
    keep(/[A-Za-z0-9\-_.!~*'();/?:@&=+$,#]/),
    // The userinfo percent-encode set of the WHATWG URL standard.
    keep(/[!$%&'()*+,\-.0-9A-Z_a-z~]/),
    keep(/[A-Za-z0-9\-_.*]/).replaceAll('%20', '+'),
  ];
  const lowerHex = (text: string): string => text.replace(/%../g, (hex) => hex.toLowerCase());
  return [...forms, ...forms.map(lowerHex)];
}

/** With non-ASCII characters as they are and as \u escapes, with PHP's escaped slash, and as JSON within JSON. */
function jsonForms(value: string): string[] {
  const plain = JSON.stringify(value).slice(1, -1);
  const ascii = plain.replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const twice = JSON.stringify(plain).slice(1, -1);
  return [plain, twice, ascii, plain.replaceAll('/', '\\/'), ascii.replaceAll('/', '\\/')];
}

/** What programs print that quote their input: a shell that traces, a database that shows a statement. */
function quotedForms(value: string): string[] {
  return [value.replaceAll("'", `'\\''`), value.replaceAll("'", "''")];
}

/** Lines of a key that has several: they are often printed, and logged, one at a time. */
function lineForms(value: string, shortest: number): string[] {
  const lines = value.split(/\r?\n/);
  if (lines.length === 1) return [];
  return lines.filter((line) => line.length >= shortest && !line.startsWith('-----'));
}

/** Lines of a multi-line value count as secrets from this length on. */
const SHORTEST_LINE = 16;

/** A value, and what becomes of it when a program encodes or quotes it. The longest first. */
export function secretForms(value: string): string[] {
  const bytes = Buffer.from(value);
  const hex = bytes.toString('hex');
  const forms = [
    value,
    ...urlForms(value),
    ...jsonForms(value),
    ...quotedForms(value),
    ...base64Forms(bytes),
    hex,
    hex.toUpperCase(),
    ...lineForms(value, SHORTEST_LINE),
  ];
  return [...new Set(forms)].toSorted((a, b) => b.length - a.length);
}
