import { runContext, task } from '@holdfast/core';
import { aborted, gate, turns, type Gate } from './support.ts';

/** Tasks that end when the test says so, and what was under way meanwhile. */
export function workers(): {
  readonly under: string[];
  readonly most: () => number;
  readonly work: ReturnType<typeof makeWork>;
  end(name: string): Promise<void>;
} {
  const under: string[] = [];
  const gates = new Map<string, Gate>();
  const most = { count: 0 };
  const work = makeWork(under, gates, most);
  return {
    under,
    work,
    most: () => most.count,
    end: async (name) => {
      gates.get(name)?.open();
      await turns();
    },
  };
}

function makeWork(under: string[], gates: Map<string, Gate>, most: { count: number }) {
  return task(
    async (name: string) => {
      const g = gate();
      gates.set(name, g);
      under.push(name);
      most.count = Math.max(most.count, under.length);
      await Promise.race([g.opened, aborted(runContext().signal)]);
      under.splice(under.indexOf(name), 1);
      runContext().signal.throwIfAborted();
      return name;
    },
    { name: 'work' },
  );
}
