import { describe, expect, it } from 'vitest';
import { cacheBy, flow, task } from '@holdfast/core';
import { parametersIn, parametersOf, showsSource } from '../../src/definition/parameter-names.ts';

const dump = async (db: string, _deep = false, ..._rest: string[]) => db;
const define = (options: object) => () => task(dump, { name: 'dump', ...options });

describe('the options of caching', () => {
  it.each([
    [{ cache: 'inputs' }, /cache must be a policy/],
    [{ cache: {} }, /cache must be a policy/],
    [{ cache: cacheBy.inputs.without('database') }, /leaves out 'database'.*no parameter/],
    [{ cache: cacheBy.inputs, cacheFor: 0 }, /cacheFor must be more than 0/],
    [{ cacheFor: '1h' }, /cacheFor does nothing without cache/],
    [{ refreshCache: true }, /refreshCache does nothing without cache/],
    [{ cache: cacheBy.inputs, refreshCache: 1 }, /refreshCache must be true or false/],
  ])('%o is refused at definition', (options, message) => {
    expect(define(options)).toThrow(message);
    expect(define(options)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
  });

  it('cacheFor is a duration', () => {
    const wrong = define({ cache: cacheBy.inputs, cacheFor: 'soon' });
    expect(wrong).toThrow(expect.objectContaining({ code: 'DURATION_INVALID' }));
  });

  it('names the parameters that there are', () => {
    const hint = expect.objectContaining({ hint: expect.stringContaining('db, _deep, _rest') });
    expect(define({ cache: cacheBy.inputs.without('x') })).toThrow(hint);
    expect(define({ cache: cacheBy.inputs.without('db', '_rest') })).not.toThrow();
  });

  it('a policy that nothing could come of is refused', () => {
    expect(() => cacheBy.source.without('db')).toThrow(/does not look at the inputs/);
    expect(() => cacheBy.source.and({} as never)).toThrow(/no policy/);
    const bound = dump.bind<typeof dump>(undefined);
    expect(() => task(bound, { name: 'b', cache: cacheBy.source })).toThrow(/source/);
    expect(() => flow(dump, { cache: cacheBy.flowParameters })).toThrow(/flow around it/);
  });

  it('policies are values: joining and narrowing changes none', () => {
    const narrowed = cacheBy.inputs.without('db');
    expect(cacheBy.inputs.leftOut.size).toBe(0);
    narrowed.and(cacheBy.run);
    expect([...narrowed.looksAt]).toEqual(['inputs']);
    expect(Object.isFrozen(cacheBy)).toBe(true);
  });

  it('with() may leave out what a definition has', () => {
    const cached = task(dump, { name: 'dump', cache: cacheBy.inputs, cacheFor: '1h' });
    expect(() => cached.with({ cache: cacheBy.none })).not.toThrow();
  });
});

class Holder {
  async 'a(b'(first: number, $second: string): Promise<string> {
    return `${first}${$second}`;
  }

  [['x(', 'y'].join('')](third: number): number {
    return third;
  }
}

const show = (parameters: ReturnType<typeof parametersOf>): string[] =>
  parameters.map(({ name, rest }) => `${rest ? '...' : ''}${name ?? '?'}`);

describe('the parameters of a function', () => {
  it('are read from its text, whatever stands between them', () => {
    const text = [
      'function dump(a, /* b, */ { c, d }, [e] = [1, (2)], // f, (',
      String.raw`g = "x,)'\"", h = ',\',',`,
      'i = `,${[1, "}", `${"`)"}`].join(",")}),`,',
      String.raw`j = /[,)/]\/,\)/, k = 4 / 2 / 1, ...l) { return (m, n); }`,
    ];
    expect(show(parametersIn(text.join('\n')))).toEqual([
      'a',
      '?',
      '?',
      'g',
      'h',
      'i',
      'j',
      'k',
      '...l',
    ]);
  });

  it.each([
    ['x => x', ['x']],
    ['async x => x', ['x']],
    ['async => async', ['async']],
    ['async (a, b,) => a', ['a', 'b']],
    ['() => 1', []],
    ['async function* walk(dir) {}', ['dir']],
    ['(größe = () => ({ a: 1, b: 2 }), b) => b', ['größe', 'b']],
  ])('of %s', (text, expected) => {
    expect(show(parametersIn(text))).toEqual(expected);
  });

  it('are read of methods, also of those with strange names', () => {
    const { prototype } = Holder;
    expect(show(parametersOf(prototype['a(b']))).toEqual(['first', '$second']);
    expect(show(parametersOf(Reflect.get(prototype, 'x(y') as Function))).toEqual(['third']);
    expect(showsSource(prototype['a(b'])).toBe(true);
  });

  it('cannot be seen of native and bound functions', () => {
    for (const fn of [Math.max, dump.bind(undefined)]) {
      expect([show(parametersOf(fn)), showsSource(fn)]).toEqual([[], false]);
    }
  });
});
