import { describe, expect, it } from 'vitest';
import { flow, submit, task } from '@holdfast/core';

const optionsInvalid = (message: string, hint = ''): unknown =>
  expect.objectContaining({
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
    expect(bareTask).toThrow(optionsInvalid('@task: ', '@task()'));
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
    expect(bareFlow).toThrow(optionsInvalid('@flow: ', '@flow({ … })'));
  });

  it('is refused on a class, too', () => {
    const bare = () => {
      // @ts-expect-error -- a decorator needs its parentheses
      @flow
      class Bare {
        name = 'x';
      }
      return Bare;
    };
    expect(bare).toThrow(optionsInvalid('parentheses'));
  });
});

describe('a decorator on what is no public method', () => {
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
    const accessor = () => {
      class Refused {
        // @ts-expect-error -- an accessor is no method
        @task()
        accessor size = 1;
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
    expect(getter).toThrow(optionsInvalid('@task() on size', 'Wrap the function'));
    expect(accessor).toThrow(optionsInvalid('@task() on size', 'Wrap'));
    expect(field).toThrow(optionsInvalid('@task() on dump', 'Wrap the function'));
    expect(whole).toThrow(optionsInvalid('@flow() on Refused', 'flow(async'));
  });

  it('is refused on a #private method', () => {
    const hidden = () => {
      class Refused {
        // @ts-expect-error -- nobody outside could call it as a task
        @task()
        async #dump(): Promise<void> {}
        dump = (): Promise<void> => this.#dump();
      }
      return Refused;
    };
    expect(hidden).toThrow(optionsInvalid('#private', 'Make it public'));
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
    expect(twice).toThrow(optionsInvalid('already', 'Leave one'));
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
    expect(unknown).toThrow(optionsInvalid("'retrys'", 'retries'));
    expect(mistyped).toThrow(optionsInvalid("'dump'"));
    expect(timeout).toThrow(expect.objectContaining({ code: 'DURATION_INVALID' }));
  });
});

describe('what a decorator cannot see', () => {
  it('a method above is called as a task, but cannot be submitted', () => {
    class Nightly {
      @task()
      async dump(name: string): Promise<string> {
        return name;
      }
    }
    class Weekly extends Nightly {
      above(): unknown {
        return submit(super.dump, 'x');
      }
    }
    expect(() => new Weekly().above()).toThrow(optionsInvalid('no task'));
  });
});
