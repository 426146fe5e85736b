import { DatabaseSync } from 'node:sqlite';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { placeOf } from './place.ts';

/** The service's own database, which it goes on to write to while it is backed up. */
@Injectable()
export class Orders implements OnModuleDestroy {
  readonly path = placeOf('shop.db');
  readonly #db = new DatabaseSync(this.path);

  constructor() {
    this.#db.exec('PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS orders (at TEXT)');
    this.#db.exec("INSERT INTO orders VALUES (datetime('now'))");
  }

  count(): number {
    return Number(this.#db.prepare('SELECT count(*) AS n FROM orders').get()?.['n']);
  }

  onModuleDestroy(): void {
    this.#db.close();
  }
}
