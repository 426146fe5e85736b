import { TRANSITIONS } from '../packages/core/src/model/transition-table.ts';
import {
  isTerminalType,
  STATE_TYPES,
  type StateName,
  type StateType,
} from '../packages/core/src/model/state.ts';
import { RULES } from '../packages/core/src/rules/decide.ts';

/** Whether a top-level run in a state is held by an engine. Where the names of a type differ, by name. */
const LEASED: { readonly [type in StateType]: 'yes' | 'no' | readonly StateName[] } = {
  SCHEDULED: ['AwaitingRetry', 'AwaitingSlot', 'AwaitingWindow'],
  PENDING: 'yes',
  RUNNING: 'yes',
  PAUSED: 'no',
  CANCELLING: 'yes',
  COMPLETED: 'no',
  FAILED: 'no',
  CRASHED: 'no',
  CANCELLED: 'no',
  SKIPPED: 'no',
};

/** Whether a run in a state may hold shares of limits; what is not named holds none. */
const LIMITED: { readonly [type in StateType]?: string } = {
  RUNNING: 'yes, unless its code waits',
  CANCELLING: 'yes',
};

function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function namesOf(type: StateType): StateName[] {
  const rows = TRANSITIONS.filter(({ to }) => to === type);
  return [...new Set(rows.flatMap(({ names }) => names))];
}

function leaseOf(type: StateType): string {
  const leased = LEASED[type];
  return typeof leased === 'string' ? leased : `only ${leased.join(', ')}`;
}

function statesTable(): string[] {
  return [
    row('state', 'names', 'terminal', 'holds a lease', 'holds its limits'),
    row('---', '---', '---', '---', '---'),
    ...STATE_TYPES.map((type) =>
      row(
        type,
        namesOf(type).join(', ') || '—',
        isTerminalType(type) ? 'yes' : 'no',
        leaseOf(type),
        LIMITED[type] ?? 'no',
      ),
    ),
  ];
}

function transitionsTable(): string[] {
  return [
    row('event', 'from', 'to', 'when'),
    row('---', '---', '---', '---'),
    ...TRANSITIONS.map(({ event, from, to, names, when }) =>
      row(`\`${event}\``, from.join(', '), `${to} (${names.join(', ')})`, when),
    ),
  ];
}

function diagram(): string[] {
  const lines = TRANSITIONS.flatMap(({ from, to, event }) =>
    from.map((each) => `  ${each} --> ${to}: ${event}`),
  );
  return ['```mermaid', 'stateDiagram-v2', '  [*] --> PENDING', ...lines, '```'];
}

/** The page `docs/state-machine.md`, made from the table that the engine asks. */
export function stateMachinePage(): string {
  return [
    '# The states of a run',
    '',
    '<!-- Made by `pnpm docs:states` from packages/core/src/model/transition-table.ts. Do not edit. -->',
    '',
    'What is not in these tables cannot happen to a run. A terminal state is never left: running a run again makes a',
    'new generation of it, which begins at PENDING. A run without a lease is executed by nobody; any engine that knows',
    'its flow may take it up. Tasks and subflows are written under the lease of their top-level run.',
    '',
    ...statesTable(),
    '',
    '## What leads from one to another',
    '',
    ...transitionsTable(),
    '',
    `Before the table, rules are asked, in this order: ${RULES.map(({ name }) => name).join(', ')}. Each accepts`,
    'an event, replaces it by another, or refuses it.',
    '',
    ...diagram(),
    '',
  ].join('\n');
}
