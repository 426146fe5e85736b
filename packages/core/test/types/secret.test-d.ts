import { expectTypeOf, it } from 'vitest';
import {
  flow,
  secret,
  task,
  type Secret,
  type SecretArg,
  type SecretParameterDecorator,
} from '@holdfast/core';

it('secret() gives a reference, or without one a decorator', () => {
  expectTypeOf(secret('env:A')).toEqualTypeOf<Secret>();
  expectTypeOf(secret()).toEqualTypeOf<SecretParameterDecorator>();
  // @ts-expect-error -- a variable that may be unset is no reference
  secret(process.env['A']);
  // @ts-expect-error -- a number is no reference
  secret(5);
});

it('secretArgs names positions that can be secrets, and members', () => {
  const login = async (host: string, password: Secret, all?: readonly Secret[], any?: unknown) =>
    [host, password, all, any] as const;
  task(login, { name: 'login', secretArgs: [1, 2, 3, 'token'] });
  flow(login, { name: 'login', secretArgs: [1] });
  expectTypeOf<1>().toExtend<SecretArg<Parameters<typeof login>>>();
  // @ts-expect-error -- a text is no secret
  task(login, { name: 'login', secretArgs: [0] });
  // @ts-expect-error -- there is no fifth argument
  flow(login, { name: 'login', secretArgs: [4] });
  // @ts-expect-error -- a list
  task(login, { name: 'login', secretArgs: 1 });
  // @ts-expect-error -- positions or names
  task(login, { name: 'login', secretArgs: [true] });
  const rest = task(async (...keys: Secret[]) => keys.length, { name: 'rest', secretArgs: [7] });
  rest.with({ secretArgs: ['name'] });
  // @ts-expect-error -- a caller gives a reference
  void task(login, { name: 'login', secretArgs: [1] })('db', 'hunter2');
});

it('a parameter is decorated', () => {
  class Nightly {
    @task({ secretArgs: [0, 'token'] })
    async login(@secret() password: Secret, host: string): Promise<string> {
      return host + password.reference;
    }
  }
  expectTypeOf(new Nightly().login).toEqualTypeOf<
    (password: Secret, host: string) => Promise<string>
  >();
  class Refused {
    // @ts-expect-error -- a method is no parameter
    @secret()
    async login(): Promise<void> {}
  }
  void Refused;
});
