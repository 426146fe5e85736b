/** Says what is wrong with a value, as the path to it; undefined when nothing is. */
export type Shape = (value: unknown) => string | undefined;

/** A shape for every member of `T`, so that a member added to a record cannot be forgotten here. */
export type Members<T> = { readonly [K in keyof Required<T>]: Shape };

function where(holds: boolean): string | undefined {
  return holds ? undefined : '';
}

export const text: Shape = (value) => where(typeof value === 'string');
export const flag: Shape = (value) => where(typeof value === 'boolean');
export const number: Shape = (value) => where(Number.isFinite(value));
export const count: Shape = (value) => where(Number.isSafeInteger(value) && Number(value) >= 0);

/** A value of a closed set. */
export function oneOf(...values: readonly string[]): Shape {
  return (value) => where(typeof value === 'string' && values.includes(value));
}

/** May be absent. */
export function optional(shape: Shape): Shape {
  return (value) => (value === undefined ? undefined : shape(value));
}

/** Was parsed from JSON, so it can only be absent. */
export const json: Shape = (value) => where(value !== undefined);

/** An object of whatever members. */
export const object: Shape = (value) =>
  where(typeof value === 'object' && value !== null && !Array.isArray(value));

export function list(shape: Shape): Shape {
  return (value) => {
    if (!Array.isArray(value)) return '';
    for (let i = 0; i < value.length; i++) {
      const wrong = shape(value[i]);
      if (wrong !== undefined) return `[${i}]${wrong}`;
    }
    return undefined;
  };
}

/** An object with these members and no others: an unknown one may be a newer version's. */
export function record<T>(members: Members<T>): Shape {
  const names = Object.entries<Shape>(members);
  const known = new Set(Object.keys(members));
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
    const given = value as Record<string, unknown>;
    for (const [name, shape] of names) {
      const wrong = shape(given[name]);
      if (wrong !== undefined) return `.${name}${wrong}`;
    }
    for (const name in given) {
      if (!known.has(name)) return `.${name}`;
    }
    return undefined;
  };
}

/** Chooses a shape by one member's text. */
export function variant(member: string, shapes: ReadonlyMap<unknown, Shape>): Shape {
  return (value) => {
    if (typeof value !== 'object' || value === null) return '';
    const shape = shapes.get((value as Record<string, unknown>)[member]);
    return shape === undefined ? `.${member}` : shape(value);
  };
}

/** Refers to a shape that is declared later, or to itself. */
export function lazy(shape: () => Shape): Shape {
  return (value) => shape()(value);
}
