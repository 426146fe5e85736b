export { startChild } from './child.ts';
export type { Child, ChildExit, ChildOptions, StartedChild } from './child-options.ts';
export {
  currentProcess,
  formatIdentity,
  identifyProcess,
  isAlive,
  parseIdentity,
} from './identity.ts';
export type { Liveness, ProcessIdentity } from './identity.ts';
export { killLeftover } from './leftover.ts';
export type { LeftoverChild, LeftoverFate } from './leftover.ts';
export { runChild } from './run-child.ts';
export type { ChildText, RunOptions } from './run-child.ts';
