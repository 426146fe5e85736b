function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

/** `**` matches any depth, `*` and `?` stay within a name. */
function expression(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*\/|\*\*|\*|\?)/);
  const wild: { readonly [token: string]: string } = {
    '**/': '(?:[^/]+/)*',
    '**': '.*',
    '*': '[^/]*',
    '?': '[^/]',
  };
  return new RegExp(`^${parts.map((part) => wild[part] ?? escaped(part)).join('')}$`, 'su');
}

/** Makes the test whether a path, relative to the root, is left out. */
export function excluder(patterns: readonly string[]): (path: string) => boolean {
  const tests = patterns.map((pattern) => {
    const trimmed = pattern.replace(/^\.?\//, '').replace(/\/$/, '');
    return {
      byName: !trimmed.includes('/') && !pattern.startsWith('/'),
      expression: expression(trimmed),
    };
  });
  return (path) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return tests.some((test) => test.expression.test(test.byName ? name : path));
  };
}
