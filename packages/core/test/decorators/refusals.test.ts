import { describe, expect, it } from 'vitest';
import { flow, task } from '@holdfast/core';
import { refusalOf } from './support.ts';

const optionsInvalid = (message: string, hint = '') => ({
  code: 'OPTIONS_INVALID',
  message: expect.stringContaining(message),
  hint: expect.stringContaining(hint),
  retryable: false,
});

describe('a decorator without its parentheses', () => {
  it('is refused when the class is defined', () => {
    const bareTask = () => {
      class Bare {
        // @ts-expect-error -- a decorator needs its parentheses
        @task
        async dump(name: string): Promise<string> {
          return name;
        }
      }
      return Bare;
    };
    expect(refusalOf(bareTask)).toMatchObject(optionsInvalid('@task: ', '@task()'));
    const bareFlow = () => {
      class Bare {
        readonly name = 'x';
        // @ts-expect-error -- a decorator needs its parentheses
        @flow
        static async run(name: string): Promise<string> {
          return name;
        }
      }
      return Bare;
    };
    expect(refusalOf(bareFlow)).toMatchObject(optionsInvalid('@flow: ', '@flow({ … })'));
  });

  it('is refused on a symbol and on a field, too', () => {
    const key = Symbol('key');
    const symbol = () => {
      class Bare {
        // @ts-expect-error -- a decorator needs its parentheses
        @task
        async [key](): Promise<void> {}
      }
      return Bare;
    };
    expect(refusalOf(symbol)).toMatchObject(optionsInvalid('parentheses'));
    const field = () => {
      class Bare {
        // @ts-expect-error -- a decorator needs its parentheses
        @task
        dump = async (): Promise<void> => {};
      }
      return Bare;
    };
    expect(refusalOf(field)).toMatchObject(optionsInvalid('parentheses'));
  });
});

describe('a decorator on what is no method', () => {
  it('is refused with what to do instead', () => {
    const getter = () => {
      class Refused {
        // @ts-expect-error -- a getter is no method
        @task()
        get size(): number {
          return 1;
        }
      }
      return Refused;
    };
    const field = () => {
      class Refused {
        // @ts-expect-error -- a field is no method
        @task()
        dump = async (): Promise<void> => {};
      }
      return Refused;
    };
    const whole = () => {
      // @ts-expect-error -- a class is no method
      @flow()
      class Refused {
        name = 'x';
      }
      return Refused;
    };
    expect(refusalOf(getter)).toMatchObject(optionsInvalid('@task() on size', 'Wrap the function'));
    expect(refusalOf(field)).toMatchObject(optionsInvalid('@task() on dump', 'Wrap the function'));
    expect(refusalOf(whole)).toMatchObject(optionsInvalid('a class', 'flow(async'));
  });

  it('is refused on a method that is a task or a flow already', () => {
    const twice = () => {
      class Refused {
        @flow()
        @task()
        async dump(): Promise<void> {}
      }
      return Refused;
    };
    expect(refusalOf(twice)).toMatchObject(optionsInvalid('already', 'Leave one'));
  });
});

describe('wrong options of a decorator', () => {
  it('are told when the class is defined', () => {
    const unknown = () => {
      class Refused {
        // @ts-expect-error -- there is no such option
        @task({ retrys: 3 })
        async dump(): Promise<void> {}
      }
      return Refused;
    };
    const mistyped = () => {
      class Refused {
        // @ts-expect-error -- a number of retries is no text
        @task({ retries: '3' })
        async dump(): Promise<void> {}
      }
      return Refused;
    };
    const timeout = () => {
      class Refused {
        @flow({ timeout: 'soon' })
        async run(): Promise<void> {}
      }
      return Refused;
    };
    const noOptions = () => {
      class Refused {
        // @ts-expect-error -- options are an object
        @task('dump')
        async dump(): Promise<void> {}
      }
      return Refused;
    };
    expect(refusalOf(unknown)).toMatchObject(optionsInvalid("'retrys'", 'retries'));
    expect(refusalOf(mistyped)).toMatchObject(optionsInvalid("'dump'"));
    expect(refusalOf(timeout)).toMatchObject({ code: 'DURATION_INVALID' });
    expect(refusalOf(noOptions)).toMatchObject(optionsInvalid('must be an object'));
  });
});
