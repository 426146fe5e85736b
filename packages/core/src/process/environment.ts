import { argumentInvalid } from './tool-errors.ts';

const KEPT = new Set(['PATH', 'HOME', 'LANG', 'TMPDIR', 'TZ']);
/** Without these, most programs do not even start on Windows. */
const KEPT_ON_WINDOWS = new Set([
  'APPDATA',
  'COMSPEC',
  'LOCALAPPDATA',
  'PATHEXT',
  'SYSTEMDRIVE',
  'SYSTEMROOT',
  'TEMP',
  'TMP',
  'USERPROFILE',
  'WINDIR',
]);
const FALLBACK_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function isKept(name: string): boolean {
  if (process.platform === 'win32') {
    const upper = name.toUpperCase();
    return KEPT.has(upper) || KEPT_ON_WINDOWS.has(upper) || upper.startsWith('LC_');
  }
  return KEPT.has(name) || name.startsWith('LC_');
}

/** What a child finds in its environment: a fixed few variables of this process, and what it is given. */
export function childEnvironment(
  command: string,
  added: Readonly<Record<string, string>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && isKept(name)) env[name] = value;
  }
  if (process.platform !== 'win32') env['PATH'] ??= FALLBACK_PATH;
  for (const [name, value] of Object.entries(added)) {
    if (name === '' || /[=\0]/.test(name)) {
      throw argumentInvalid(
        command,
        'the name of a variable',
        'is empty or has a forbidden character',
      );
    }
    if (typeof value !== 'string')
      throw argumentInvalid(command, `variable ${name}`, 'is no string');
    if (value.includes('\0')) throw argumentInvalid(command, `variable ${name}`, 'has a NUL byte');
    env[name] = value;
  }
  return env;
}
