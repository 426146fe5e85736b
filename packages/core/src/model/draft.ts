/** A record before anybody has seen it: built in one piece, where a copy for each field would cost more than the rest. */
export type Draft<T> = T extends unknown ? { -readonly [K in keyof T]: T[K] } : never;
