/**
 * What a program prints, waited for: for the few facts that some platforms keep in no file. `node:child_process` is
 * loaded here and not with the module, because it makes up a good part of what importing this package takes.
 *
 * @returns undefined when it could not be started or failed
 */
export function programOutput(
  program: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): string | undefined {
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { stdout, status } = spawnSync(program, args, {
    encoding: 'utf8',
    ...(env === undefined ? {} : { env }),
  });
  return status === 0 ? stdout : undefined;
}
