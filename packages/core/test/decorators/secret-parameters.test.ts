import { describe, expect, it } from 'vitest';
import { flow, isSecret, runContext, secret, submit, task, type Secret } from '@holdfast/core';
import { engineInMemory, refusalOf } from './support.ts';

class Nightly {
  @task()
  async login(host: string, @secret() password: Secret): Promise<string> {
    return `${host} ${password.reference}`;
  }

  @task({ secretArgs: ['token'] })
  async connect(
    options: { readonly host: string; readonly token?: Secret | string },
    @secret() first?: Secret,
    @secret() second?: Secret,
  ): Promise<string> {
    return [options.host, options.token, first, second].map(String).join(' ');
  }

  @flow()
  async run(@secret() password: Secret, host: string): Promise<string> {
    return submit(this.login, host, password);
  }

  @task()
  static async all(@secret() key: Secret): Promise<boolean> {
    return isSecret(key);
  }
}

class Weekly extends Nightly {
  @task()
  override async login(host: string, password: Secret | string): Promise<string> {
    return `weekly ${host} ${String(password)}`;
  }
}

const EXPECTED = { code: 'SECRET_EXPECTED' };
const PASSWORD = secret('env:PASSWORD');
const nightly = new Nightly();

describe('a parameter with @secret()', () => {
  it('takes a reference', async () => {
    expect(await nightly.login('db', PASSWORD)).toBe('db env:PASSWORD');
    expect(await engineInMemory().run(nightly.run, [PASSWORD, 'db'])).toBe('db env:PASSWORD');
    expect(await Nightly.all(PASSWORD)).toBe(true);
  });

  it('refuses a value', async () => {
    await expect(nightly.login('db', 'hunter2' as never)).rejects.toMatchObject(EXPECTED);
    await expect(
      engineInMemory().run(nightly.run, ['hunter2' as never, 'db']),
    ).rejects.toMatchObject({ ...EXPECTED, context: { name: 'run', argument: 1 } });
    await expect(Nightly.all('hunter2' as never)).rejects.toMatchObject(EXPECTED);
  });

  it('adds to secretArgs, and may be one of several', async () => {
    expect(await nightly.connect({ host: 'a', token: PASSWORD }, PASSWORD)).toContain('a Secret(');
    for (const args of [
      [{ host: 'a', token: 'x' }],
      [{ host: 'a' }, 'x'],
      [{ host: 'a' }, undefined, 'x'],
    ]) {
      await expect(nightly.connect(...(args as [never]))).rejects.toMatchObject(EXPECTED);
    }
  });

  it('belongs to the method that has it, not to one that takes its place', async () => {
    expect(await new Weekly().login('db', 'open')).toBe('weekly db open');
    await expect(new Weekly().run('x' as never, 'db')).rejects.toMatchObject(EXPECTED);
  });
});

describe('@secret() is refused', () => {
  const misplaced = {
    code: 'OPTIONS_INVALID',
    message: expect.stringContaining('on a parameter of a method'),
    hint: expect.stringContaining('secretArgs'),
  };

  it('on a method, a property, a class, and the parameter of a constructor', () => {
    const method = () => {
      class Refused {
        // @ts-expect-error -- a method is no parameter
        @secret()
        async dump(): Promise<void> {}
      }
      return Refused;
    };
    const property = () => {
      class Refused {
        // @ts-expect-error -- a property is no parameter
        @secret()
        password = '';
      }
      return Refused;
    };
    const whole = () => {
      // @ts-expect-error -- a class is no parameter
      @secret()
      class Refused {
        name = 'x';
      }
      return Refused;
    };
    const constructed = () => {
      class Refused {
        readonly password: Secret;
        constructor(@secret() password: Secret) {
          this.password = password;
        }
      }
      return Refused;
    };
    for (const define of [method, property, whole, constructed]) {
      expect(refusalOf(define)).toMatchObject(misplaced);
    }
  });

  it('on a parameter that is typed as a value: it is never given one', () => {
    const typed = () => {
      class Refused {
        @task()
        async login(host: string, @secret() password: string): Promise<number> {
          return host.length + password.length;
        }
      }
      return Refused;
    };
    expect(refusalOf(typed)).toMatchObject({
      code: 'OPTIONS_INVALID',
      message: expect.stringContaining('parameter 2'),
      hint: expect.stringContaining('Secret'),
    });
  });

  it('with something that is no reference', () => {
    for (const given of [undefined, null, 5, '', 'hunter2']) {
      expect(refusalOf(() => secret(given as never)).code).toBe('SECRET_REFERENCE_INVALID');
    }
  });
});

it('the value is read where it is used', async () => {
  process.env['HOLDFAST_PARAMETER'] = 'value of it';
  const read = task(async (password: Secret) => (await runContext().secret(password)).length, {
    name: 'read',
    secretArgs: [0],
  });
  expect(await read(secret('env:HOLDFAST_PARAMETER'))).toBe(11);
  delete process.env['HOLDFAST_PARAMETER'];
});
