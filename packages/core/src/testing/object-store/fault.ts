import type { ObjectInfo } from '../../store/object-store.ts';

/** The methods of an object store that can be disturbed. */
export type ObjectStoreMethod =
  | 'put'
  | 'get'
  | 'head'
  | 'list'
  | 'delete'
  | 'copy'
  | 'retainedUntil'
  | 'sweep'
  | 'freeBytes';

/** One call that reached a faulty store. */
export interface ObjectStoreCall {
  readonly method: ObjectStoreMethod;
  /** The key, the prefix of a listing, the source of a copy; '' where there is none. */
  readonly key: string;
}

/** Which calls a fault strikes: all that match, counted from 1, from `nth` on, `times` of them. */
export interface FaultTarget {
  /** Strikes only calls about this key, or keys that match. Default: every key. */
  readonly key?: string | RegExp;
  /** The first matching call to strike. Default 1. */
  readonly nth?: number;
  /** How many matching calls to strike. Default 1; Infinity for all. */
  readonly times?: number;
}

/** The call fails before it does anything. */
export interface FailFault extends FaultTarget {
  readonly fault: 'fail';
  readonly on: ObjectStoreMethod;
  /** What is thrown. Default: `OBJECT_STORE_UNAVAILABLE`. */
  readonly error?: Error;
}

/** A write is done, but its answer is lost: the call fails although the object is there. */
export interface LostAnswerFault extends FaultTarget {
  readonly fault: 'lost-answer';
  readonly on: 'put' | 'delete' | 'copy';
  readonly error?: Error;
}

/** A read breaks after some bytes: it throws. */
export interface BreakFault extends FaultTarget {
  readonly fault: 'break';
  readonly on: 'get';
  readonly afterBytes: number;
  readonly error?: Error;
}

/** A read ends after some bytes as if that were all: what no store may do, and some do. */
export interface CutFault extends FaultTarget {
  readonly fault: 'cut';
  readonly on: 'get';
  readonly afterBytes: number;
}

/** A write keeps only its first bytes, and reports success and the full size. */
export interface ShortWriteFault extends FaultTarget {
  readonly fault: 'short-write';
  readonly on: 'put';
  readonly bytes: number;
}

/** A write reports success and keeps nothing. */
export interface LoseFault extends FaultTarget {
  readonly fault: 'lose';
  readonly on: 'put';
}

/**
 * One bit is wrong: on `get` in what is read (the next read is good again), on `put` in what is kept.
 */
export interface FlipFault extends FaultTarget {
  readonly fault: 'flip';
  readonly on: 'get' | 'put';
  /** Offset of the wrong byte: in what `get` gives out, or in the body of `put`. */
  readonly atByte: number;
}

/** The call waits, on the store's clock, before it begins; a read also before every chunk. */
export interface DelayFault extends FaultTarget {
  readonly fault: 'delay';
  readonly on: ObjectStoreMethod;
  readonly ms: number;
}

/** The size that is told is wrong. */
export interface WrongSizeFault extends FaultTarget {
  readonly fault: 'wrong-size';
  readonly on: 'put' | 'head' | 'list';
  /** What is told instead of the true size. */
  readonly bytes: number | ((info: ObjectInfo) => number);
}

/** Every call fails with `OBJECT_STORE_UNAVAILABLE` for a while. Counts calls of all methods. */
export interface OutageFault extends FaultTarget {
  readonly fault: 'outage';
  /** The outage ends this long after its first call, on the store's clock. Default: `times` alone ends it. */
  readonly forMs?: number;
}

/** One scripted fault. */
export type ObjectStoreFault =
  | FailFault
  | LostAnswerFault
  | BreakFault
  | CutFault
  | ShortWriteFault
  | LoseFault
  | FlipFault
  | DelayFault
  | WrongSizeFault
  | OutageFault;
