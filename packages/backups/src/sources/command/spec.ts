import { HoldfastError, type Secret } from '@holdfast/core';
import type { Layer } from '../../model/manifest.ts';
import { checkName } from '../../model/names.ts';
import type { SourceSpec } from '../source.ts';
import { type CommandCall, faultOfCall } from './call.ts';
import { type Footer, footerOf, TAIL_BYTES } from './footer.ts';

/** Whatever a program prints. */
export interface CommandSpec extends SourceSpec {
  /** 'command', or a kind of one's own that {@link commandKind} has made. */
  readonly kind: string;
  readonly dump: CommandCall;
  readonly successCodes: readonly number[];
  readonly footer?: Footer;
  readonly minBytes: number;
  readonly suffix: string;
  readonly layers: readonly Layer[];
  readonly baseline?: CommandCall;
}

/** How a source is described whose dump is what a program prints to stdout. */
export interface CommandOptions {
  /** Names the backup set and the artifact. */
  readonly name: string;
  /** The program and its arguments: `['etcdctl', 'snapshot', 'save', '/dev/stdout']`. No shell; never a secret. */
  readonly argv: readonly string[];
  /** Variables for the program: texts, or secrets that are read for each dump. Default: none. */
  readonly env?: Readonly<Record<string, string | Secret>>;
  /** Absolute path of its working directory. Default: that of this process. */
  readonly cwd?: string;
  /** Exit codes that mean success. A code other than 0 among them is a warning in the manifest. Default [0]. */
  readonly successCodes?: readonly number[];
  /**
   * What a whole dump ends with: a text (white space after it is allowed), bytes, or a regular expression that
   * must find something in the last 4 KiB; anchor it with `$`. Default: nothing is asked for. Give it
   * where there is one: it finds a program that ends with 0 in the middle.
   */
  readonly footer?: string | RegExp | Uint8Array;
  /** The fewest bytes that a dump can have. Default 1: an empty dump is an error. */
  readonly minBytes?: number;
  /** The end of the artifact's name, which tells what is in it: 'archive', 'sql', 'tar'. Default 'dump'. */
  readonly suffix?: string;
  /** Whether to compress it. Default true; false where the program does so itself. */
  readonly compress?: boolean;
  /** A kind of one's own, made by {@link commandKind}, which restores it and counts. Default 'command': a file. */
  readonly kind?: string;
  /**
   * A program that asks the source what it holds: it prints a JSON object, `{"orders": 12}`, and is run before and
   * after the dump. Needs a kind that counts the restored copy. Default: nothing is counted.
   */
  readonly baseline?: CommandCall;
}

const SUFFIX = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;

function isExitCode(code: unknown): boolean {
  return typeof code === 'number' && Number.isInteger(code) && code >= 0 && code <= 255;
}

function faultOf(options: CommandOptions, footer: Footer | undefined): string | undefined {
  const { successCodes = [0], minBytes = 1, suffix = 'dump', kind = 'command', baseline } = options;
  if (successCodes.length === 0 || !successCodes.every(isExitCode))
    return 'successCodes are from 0 to 255, at least one';
  if (!Number.isSafeInteger(minBytes) || minBytes < 0) return 'minBytes is a whole number';
  if (!SUFFIX.test(suffix)) return 'suffix has letters, digits, ., _ and -';
  if (options.footer !== undefined && footer === undefined)
    return `footer is a text or bytes, at most ${TAIL_BYTES}, or a RegExp without g and y that not every text matches`;
  if (baseline === undefined) return undefined;
  if (kind === 'command')
    return 'baseline needs a kind that counts what was restored: commandKind()';
  const fault = faultOfCall(baseline);
  return fault === undefined ? undefined : `baseline ${fault}`;
}

/**
 * Describes a source whose dump is what a program prints to stdout: mongodump, etcdctl, a script. The program
 * must end with an allowed exit code, and all that it printed is looked at for its size and its end, before
 * anything is published.
 *
 * Restored, it is a file. What the proof of such a backup says is that the file is what the program printed, to the
 * byte; what the program left out it cannot know. For that, give a `kind` of your own and a `baseline`.
 *
 * @throws `BACKUP_NAME_INVALID`, `OPTIONS_INVALID`
 */
export function commandSource(options: CommandOptions): CommandSpec {
  const { name, argv, env, cwd, baseline } = options;
  const footer = options.footer === undefined ? undefined : footerOf(options.footer);
  const dump = {
    argv,
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
  };
  const fault = faultOfCall(dump) ?? faultOf(options, footer);
  if (fault !== undefined) {
    throw new HoldfastError('OPTIONS_INVALID', `commandSource ${name}: ${fault}.`, {
      hint: 'Correct the options of the source.',
      retryable: false,
      context: { name },
    });
  }
  return {
    kind: options.kind ?? 'command',
    name: checkName('source', name),
    dump,
    successCodes: [...(options.successCodes ?? [0])],
    minBytes: options.minBytes ?? 1,
    suffix: options.suffix ?? 'dump',
    layers: options.compress === false ? [] : ['zstd'],
    ...(footer === undefined ? {} : { footer }),
    ...(baseline === undefined ? {} : { baseline }),
  };
}
