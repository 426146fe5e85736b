import type { Permit, PermitBlock, PermitWish } from '@holdfast/core';

/** What is in the way of a wish: none where its slots are within the capacity. */
export function blockOf(
  { limit, capacity, slots }: PermitWish,
  permits: readonly Permit[],
): PermitBlock[] {
  const taken = permits.reduce((sum, permit) => sum + permit.slots, 0);
  return taken + slots <= capacity ? [] : [{ limit, permits }];
}
