export { runSourceCheck, sourceChecks, sourceContract } from './source-contract.ts';
export type { SourceCheck, SourceSubject } from './source-contract.ts';
export type { SourceBench } from './source/bench.ts';
