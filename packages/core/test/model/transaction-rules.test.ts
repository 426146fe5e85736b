import { describe, expect, it } from 'vitest';
import { newRunId } from '../../src/model/ids.ts';
import {
  transactionId,
  transactionName,
  transactionParts,
  type Membership,
  type TransactionId,
} from '../../src/model/transaction.ts';
import { transition } from '../../src/model/transition.ts';
import { decidedFor, type Decision } from '../../src/rules/transaction-decision.ts';
import { commitOrder, rollbackOrder } from '../../src/rules/transaction-order.ts';
import { EVENTS, flowIn, NOW, STATES, taskIn } from './sample.ts';

const run = newRunId(NOW);
const id = (...names: readonly string[]): TransactionId =>
  names.reduce<TransactionId | undefined>(
    (around, name) => transactionId(run, '1.1', name, around),
    undefined,
  ) as TransactionId;
/** `a/b`: in b, which is nested in a. */
const within = (path: string): Membership => {
  const names = path.split('/');
  return {
    id: id(...names),
    within: names.slice(0, -1).map((_, at) => id(...names.slice(0, at + 1))),
  };
};

describe('the id of a transaction', () => {
  it('tells the run, the try and the names around it, whatever is in them', () => {
    const inner = id('copy/all', 'step 1 %');
    expect(inner).toBe(`${run}/1.1/copy%2Fall/step%201%20%25`);
    expect(transactionParts(inner)).toEqual({
      runId: run,
      scope: '1.1',
      path: 'copy%2Fall/step%201%20%25',
    });
    expect(transactionName(inner)).toBe('step 1 %');
    expect(transactionName(id('copy/all'))).toBe('copy/all');
  });
});

describe('the order of what was done', () => {
  /** As it was completed: the transaction, and what was done in it. */
  const done = ['x 1', 'x/n 2', 'x/n/m 3', 'x/o 4', 'x 5', 'x/n 6', 'x/o/p 7'].map((line) => {
    const [path = '', name = ''] = line.split(' ');
    return { transaction: within(path), name };
  });
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name).join('');

  it('of a commit: nested ones as they ended, then its own as it was completed', () => {
    expect(names(commitOrder(done))).toBe('3267415');
  });

  it('of a rollback: its own, the last one leading; then nested ones, the last one leading', () => {
    expect(names(rollbackOrder(done))).toBe('5147623');
    expect(names(rollbackOrder(done.filter(({ name }) => name !== '7')))).toBe('516234');
  });

  it('of transactions side by side: each by itself', () => {
    const two = ['x 1', 'y 2', 'x 3', 'y 4'].map((line) => ({
      transaction: within(line.split(' ')[0] as string),
      name: line.split(' ')[1] as string,
    }));
    expect(names(commitOrder(two))).toBe('1324');
    expect(names(rollbackOrder(two))).toBe('4231');
  });
});

describe('what holds for the work of a transaction', () => {
  const ROLLED_BACK: Decision = {
    kind: 'rolled-back',
    error: { name: 'Error', message: 'no' },
    cut: false,
  };
  const COMMITTED: Decision = { kind: 'committed' };
  const x = id('x');
  const n = id('x', 'n');
  const m = id('x', 'n', 'm');

  it.each<[string, [TransactionId, Decision][], [TransactionId, Decision] | undefined]>([
    ['nothing, while nothing is decided', [], undefined],
    ['nothing, where only a nested one is said to be committed', [[n, COMMITTED]], undefined],
    ['the commit of the outermost', [[x, COMMITTED]], [x, COMMITTED]],
    ['the rollback of the outermost', [[x, ROLLED_BACK]], [x, ROLLED_BACK]],
    ['a rollback in between', [[n, ROLLED_BACK]], [n, ROLLED_BACK]],
    [
      'its own rollback before one further out',
      [
        [x, ROLLED_BACK],
        [m, ROLLED_BACK],
      ],
      [m, ROLLED_BACK],
    ],
    [
      'its own rollback before the commit of the outermost',
      [
        [x, COMMITTED],
        [n, ROLLED_BACK],
      ],
      [n, ROLLED_BACK],
    ],
  ])('%s', (_, decisions, expected) => {
    expect(decidedFor(within('x/n/m'), new Map(decisions))).toEqual(
      expected && { by: expected[0], decision: expected[1] },
    );
  });
});

describe('a run in a transaction', () => {
  const transaction = within('x/n');

  it('owes commit and rollback from the moment on that it has completed, if it was executed', () => {
    const hooks = (from: keyof typeof STATES, event: keyof typeof EVENTS, belongs = true) => {
      const more = belongs ? { transaction } : {};
      const result = transition(taskIn(STATES[from], more), EVENTS[event], { now: NOW });
      return result.ok && result.effects.map(({ hook }) => hook);
    };
    expect(hooks('RUNNING', 'complete')).toEqual(['onSuccess', 'onCommit', 'onRollback']);
    expect(hooks('RUNNING', 'complete', false)).toEqual(['onSuccess']);
    expect(hooks('PENDING', 'serveCached')).toEqual(['onSuccess']);
    expect(hooks('RUNNING', 'fail')).toEqual(['onFailure']);
    expect(hooks('CANCELLING', 'cancelled')).toEqual(['onCancel']);
  });

  it('belongs to the one that its next generation is started in, or to none', () => {
    for (const made of [taskIn, flowIn]) {
      const before = made(STATES.COMPLETED, { transaction, rolledBackAt: NOW });
      const next = within('y');
      const again = transition(before, EVENTS.again, { now: NOW, transaction: next });
      expect(again).toMatchObject({ ok: true, run: { transaction: next, generation: 2 } });
      const outside = transition(before, EVENTS.again, { now: NOW });
      expect(outside.ok && 'transaction' in outside.run).toBe(false);
      expect(outside.ok && 'rolledBackAt' in outside.run).toBe(false);
    }
  });
});
