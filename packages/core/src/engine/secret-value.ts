import { resolveSecret } from '../secret/resolve-secret.ts';
import type { Secret } from '../secret/secret.ts';
import type { EngineCore } from './engine-core.ts';

/** The value of a secret, which is scrubbed from now on. */
export async function secretValue(engine: EngineCore, secret: Secret): Promise<string> {
  const value = await resolveSecret(secret, engine.secretResolvers, process.env);
  engine.scrubber.add(value);
  return value;
}
