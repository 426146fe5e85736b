import type { EngineCore } from './engine-core.ts';
import type { HookDue } from './hook-delivery.ts';

/** The hooks of one execution: what is being delivered, and what waits for its definition to become known. */
export class HookQueue {
  readonly #engine: EngineCore;
  readonly #underWay = new Set<Promise<void>>();
  #left: HookDue[] = [];

  constructor(engine: EngineCore) {
    this.#engine = engine;
  }

  /** Calls a hook; the execution ends only when it has returned. */
  deliver(hook: HookDue): void {
    const delivery = this.#engine.hooks.deliver(hook).then((delivered) => {
      this.#underWay.delete(delivery);
      if (!delivered) this.#left.push(hook);
    });
    this.#underWay.add(delivery);
  }

  /**
   * Resolves when every hook has returned. Those whose definition was unknown are tried once more, since the code may
   * have called it meanwhile; what is left then stays due in the store.
   */
  async settled(): Promise<void> {
    await this.returned();
    const left = this.#left;
    this.#left = [];
    for (const hook of left) this.deliver(hook);
    await this.returned();
    for (const { due, run } of this.#left) {
      this.#engine.events.emit('warning', {
        code: 'HOOK_LEFT',
        message: `The hook ${due.hook} of ${run.kind} '${run.name}' is due, and this engine does not know that ${run.kind}.`,
        runId: run.id,
      });
    }
  }

  /** Resolves when no hook is being delivered. */
  async returned(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }
}
