import { collectFlows, collectTasks, createEngine, type Engine } from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Backups, type Night } from './backup.service.ts';
import { placeOf } from './place.ts';

/** The engine, with the life of the application. */
@Injectable()
export class Holdfast implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #engine: Engine;
  readonly #backups: Backups;

  constructor(@Inject(Backups) backups: Backups) {
    this.#backups = backups;
    this.#engine = createEngine({
      store: sqliteRunStore(placeOf('runs.db')),
      flows: collectFlows(backups),
      tasks: collectTasks(backups),
      resources: { primary: localObjectStore(placeOf('backups')) },
    });
  }

  /** Takes up what an earlier process has left. */
  async onApplicationBootstrap(): Promise<void> {
    await this.#engine.recover();
  }

  backUp(): Promise<Night> {
    return this.#engine.run(this.#backups.nightly);
  }

  /** The first thing that Nest does on SIGTERM: what runs is given a minute, the rest goes on in the next process. */
  async onModuleDestroy(): Promise<void> {
    await this.#engine.stop({ timeout: '1m' });
  }
}
