import { runStoreSuite } from '@holdfast/core/testing';
import { sqliteHarness } from './scratch.ts';

runStoreSuite('sqliteRunStore', sqliteHarness);
