import type { ObjectStore } from '../../store/object-store.ts';
import type { Line } from '../faulty-line.ts';

/** A store under test, on an empty place of its own. */
export interface ObjectStoreSubject {
  readonly store: ObjectStore;
  /**
   * Opens a second store on the same place, as another process would. Without it, the checks that
   * need one are skipped.
   */
  reopen?(): Promise<ObjectStore>;
  /**
   * How many files, connections, requests the store holds for reads at this moment. Without it, the
   * checks that reads free what they hold are skipped.
   */
  held?(): number | Promise<number>;
  /**
   * What lies between the store and its service, for adapters that talk over a network: `faultyLine` is one for TCP.
   * Without it, the checks of a bad line are skipped.
   */
  readonly line?: Line;
  /** How far ahead of its service the store may read a body, in bytes. Default 64 MiB. */
  readonly aheadBytes?: number;
  /**
   * How long a call that has to end by itself may take, in milliseconds, before it counts as hanging.
   * Default 15,000.
   */
  readonly patience?: number;
  /**
   * How many objects the long list has. Default 120; a service that lists in pages needs more than
   * one page.
   */
  readonly many?: number;
  /**
   * The size of an object that the store writes in several parts, in bytes; about three parts are best. Default 3 MiB.
   */
  readonly largeBytes?: number;
  /** Closes what was opened and removes the place. */
  close(): Promise<void>;
}

/** One promise of the port, as a program that fails when an adapter does not keep it. */
export interface ObjectStoreCheck {
  /** What is promised, as a sentence about the store. */
  readonly name: string;
  /** What the subject has to offer for it; without that it is skipped. */
  readonly needs?: 'held' | 'line' | 'reopen';
  /**
   * Runs against a subject nothing else uses.
   *
   * @throws AssertionError when the promise is broken
   */
  run(subject: ObjectStoreSubject): Promise<void>;
}
