import { type Backup, dumpSqlite, sqliteSource, verifyByRestore } from '@holdfast/backups';
import { flow, task } from '@holdfast/core';
import { Inject, Injectable } from '@nestjs/common';
import { Orders } from './orders.service.ts';

/** What a night gives. */
export interface Night {
  readonly backup: string;
  readonly reached: string | null;
  readonly orders: number;
}

/** Its methods are a flow and a task, bound to the instance that Nest makes, with what was injected. */
@Injectable()
export class Backups {
  readonly #orders: Orders;

  constructor(@Inject(Orders) orders: Orders) {
    this.#orders = orders;
  }

  @task({ name: 'countOrders', retries: 3 })
  async count(): Promise<number> {
    return this.#orders.count();
  }

  @flow({ name: 'nightly', durable: true })
  async nightly(): Promise<Night> {
    const source = sqliteSource({ name: 'shop', path: this.#orders.path });
    const backup: Backup = await dumpSqlite({ source, store: 'primary' });
    const { reached } = await verifyByRestore({ backup });
    return { backup: backup.id, reached, orders: await this.count() };
  }
}
