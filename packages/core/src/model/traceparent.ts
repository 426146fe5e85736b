import { HoldfastError } from '../errors/holdfast-error.ts';

const FORM = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Checks a `traceparent` as W3C Trace Context has it: version, trace id, parent id and flags, in lower case, neither id
 * all zeros.
 *
 * @throws `TRACEPARENT_INVALID`
 */
export function checkTraceparent(text: string): string {
  if (typeof text === 'string' && FORM.test(text)) return text;
  throw new HoldfastError(
    'TRACEPARENT_INVALID',
    'The traceparent of a start has not the form of one.',
    {
      hint: 'Pass the header as it came, for example 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01, or leave it out.',
      retryable: false,
    },
  );
}
