/**
 * Whether what tests need is here; says what is not. Where CI is set nothing may be lacking: there it throws.
 *
 * @param what the tests need, for the message
 */
export function isProvided(present: boolean, what: string): boolean {
  if (present) return true;
  if (process.env['CI'] === 'true') throw new Error(`These tests need ${what}`);
  process.stdout.write(`skipped: these tests need ${what}\n`);
  return false;
}
