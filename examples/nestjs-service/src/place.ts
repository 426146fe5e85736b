import { join, resolve } from 'node:path';

/** A file in the directory that the program was given: `main.js [directory]`. */
export function placeOf(name: string): string {
  return join(resolve(process.argv[2] ?? '.'), name);
}
