import { flow, map, task } from '@holdfast/core';

interface Report {
  readonly shop: string;
  readonly day: string;
  readonly euros: number;
}

/** The reports of some shops. Its methods are tasks and a flow, bound to the instance. */
export class Reports {
  readonly #shops: ReadonlyMap<string, number>;

  constructor(shops: ReadonlyMap<string, number>) {
    this.#shops = shops;
  }

  @task({ retries: 3, timeout: '30s' })
  async fetch(shop: string, day: Date): Promise<Report> {
    const euros = this.#shops.get(shop);
    if (euros === undefined) throw new Error(`there is no shop ${shop}`);
    return { shop, day: day.toISOString().slice(0, 10), euros };
  }

  @task()
  async add(reports: Report[]): Promise<number> {
    return reports.reduce((sum, { euros }) => sum + euros, 0);
  }

  // The types of the parameters are checked: a date may come as text, as it does in JSON.
  @flow({ name: 'daily' })
  async daily(day: Date): Promise<{ reports: Report[]; total: number }> {
    const reports = await map(this.fetch, this.#shops.keys(), day);
    return { reports, total: await this.add(reports) };
  }
}
