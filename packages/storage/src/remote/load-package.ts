import { HoldfastError } from '@holdfast/core';

function isAbsent(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${name}'`);
}

/**
 * Loads a package that an adapter needs and that is installed by who uses it.
 *
 * @param user what needs it, for the error: 's3ObjectStore'
 * @throws `PACKAGE_MISSING` when it is not installed
 */
export async function loadPackage<T>(
  name: string,
  user: string,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (!isAbsent(cause, name)) throw cause;
    throw new HoldfastError('PACKAGE_MISSING', `${user} needs the package ${name}.`, {
      hint: `Install it beside @holdfast/storage: npm install ${name}`,
      retryable: false,
      cause,
      context: { package: name },
    });
  }
}
