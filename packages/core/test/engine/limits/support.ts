import { task, type TaskOptions } from '@holdfast/core';
import { gate, turns, type Gate } from '../support.ts';

/** Tasks that run until they are let go, and how many of them run at once. */
export interface Workshop {
  /** What runs now, in the order in which it began. */
  readonly running: readonly string[];
  /** What has begun, in order. */
  readonly begun: readonly string[];
  /** The most that ran at once. */
  readonly most: number;
  work(options: TaskOptions<[name: string], string>): ReturnType<typeof workOf>;
  /** Lets one that runs end, and whatever follows from that happen. */
  finish(name: string): Promise<void>;
  /** Lets everything end, now and from now on. */
  finishAll(): void;
}

function workOf(
  run: (name: string) => Promise<string>,
  options: TaskOptions<[name: string], string>,
) {
  return task((name: string) => run(name), { name: 'work', ...options });
}

export function workshop(): Workshop {
  const doors = new Map<string, Gate>();
  const running: string[] = [];
  const begun: string[] = [];
  let open = false;
  let most = 0;
  const run = async (name: string): Promise<string> => {
    const door = gate();
    doors.set(name, door);
    begun.push(name);
    most = Math.max(most, running.push(name));
    if (open) door.open();
    await door.opened;
    running.splice(running.indexOf(name), 1);
    return name;
  };
  return {
    running,
    begun,
    get most() {
      return most;
    },
    work: (options) => workOf(run, options),
    finish: async (name) => {
      doors.get(name)?.open();
      await turns();
    },
    finishAll: () => {
      open = true;
      for (const door of doors.values()) door.open();
    },
  };
}
