/** How large the parts of an object are, that is sent in parts while its size is not known. */
export interface PartPlan {
  /** The size of a part, in bytes; the last one may be smaller. Parts count from 1. */
  sizeOf(part: number): number;
  /** How many parts there can be. */
  readonly maxParts: number;
  /** How many bytes fit into all of them. */
  readonly maxBytes: number;
}

/** What a service allows. */
export interface PartLimits {
  readonly maxParts: number;
  readonly maxPartBytes: number;
  readonly maxObjectBytes: number;
}

/** After this share of its parts an object has become so large that parts grow. */
const STEADY_SHARE = 0.15;

/** Parts of one size. */
export function steadyParts(bytes: number, limits: PartLimits): PartPlan {
  const { maxParts, maxObjectBytes } = limits;
  return { sizeOf: () => bytes, maxParts, maxBytes: Math.min(maxObjectBytes, bytes * maxParts) };
}

/**
 * Parts that grow with an object, so that the largest one fits into the number of parts, or as much as does where they
 * are few: of one size for the first 15 % of them, then each larger than the one before by the same number of bytes. Memory stays small for all but very large
 * objects; for those nothing else can be done, as their size is not known when they begin.
 */
export function growingParts(bytes: number, limits: PartLimits): PartPlan {
  const { maxParts, maxPartBytes, maxObjectBytes } = limits;
  if (bytes * maxParts >= maxObjectBytes) return steadyParts(bytes, limits);
  const steady = Math.floor(maxParts * STEADY_SHARE);
  const growing = maxParts - steady;
  const step = Math.ceil((maxObjectBytes - bytes * maxParts) / ((growing * (growing + 1)) / 2));
  const sizeOf = (part: number): number =>
    Math.min(maxPartBytes, bytes + Math.max(0, part - steady) * step);
  let fits = 0;
  for (let part = 1; part <= maxParts; part++) fits += sizeOf(part);
  return { sizeOf, maxParts, maxBytes: Math.min(maxObjectBytes, fits) };
}
