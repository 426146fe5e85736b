import { expect, it } from 'vitest';
import * as examples from './crash-examples.ts';

it.each(Object.entries(examples))(
  '%s gives the same, whichever of its commits its process dies at',
  { timeout: 1_800_000 },
  async (name, crashed) => {
    const crashes = await crashed(() => true);
    expect(crashes).toBeGreaterThan(0);
    console.log(`${name}: ${crashes} crashes, each survived with the same result`);
  },
);
