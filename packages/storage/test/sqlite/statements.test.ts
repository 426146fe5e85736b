import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { bindable, Statement } from '../../src/sqlite/worker/statements.ts';

describe('the values bound to a statement', () => {
  it('are plain ones', () => {
    const values = ['a', 1, 2n, null, new Uint8Array(1)];
    expect(bindable(values)).toBe(values);
  });

  it.each([[new Date(0)], [{ id: 1 }], [true], [undefined], [['a']]])('are never %o', (value) => {
    expect(() => bindable([value])).toThrow(TypeError);
  });

  it('are as many as the statement has parameters', () => {
    const database = new DatabaseSync(':memory:');
    const statement = new Statement(database.prepare('select ? as a, ? as b'), 2);
    expect(statement.get(1, 2)).toEqual({ a: 1, b: 2 });
    expect(() => statement.get(1)).toThrow('1 values for 2 parameters');
    database.close();
  });
});
