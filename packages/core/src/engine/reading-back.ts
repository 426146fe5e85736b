import { runUnknown } from '../errors/errors.ts';
import type { Failure } from '../model/failure.ts';
import type { RunId } from '../model/ids.ts';
import { runOfPermit } from '../model/limit-name.ts';
import type { HistoryEntry } from '../model/run.ts';
import { isTerminal } from '../model/state.ts';
import { isAlive, parseIdentity } from '../process/identity.ts';
import { explain } from '../reading/explain.ts';
import type { Explanation } from '../reading/explanation.ts';
import { flowchart } from '../reading/flowchart.ts';
import { limitsInTheWayOf, type TakenShares } from '../reading/limit-wait.ts';
import type { QueueFacts, WorkersSeen } from '../reading/queue-wait.ts';
import { RunTree, type LeaseHolder } from '../reading/run-tree.ts';
import { timelineOf, type Timeline } from '../reading/timeline.ts';
import type { Lease, OpenRun } from '../store/run-store.ts';
import type { EngineCore } from './engine-core.ts';
import { refusalOf, resumptionOf } from './resumption.ts';
import { waitsUntil } from './waiting/due.ts';

/** So many histories are asked for at once: a store answers one after the other. */
const AT_ONCE = 32;

function holderOf(engine: EngineCore, lease: Lease): LeaseHolder {
  const { expiresAt, holder } = lease;
  const expired = expiresAt <= engine.clock.now();
  if (holder === '') return { kind: 'nobody', expiresAt, expired };
  const identity = parseIdentity(holder.split(' ')[0] ?? '');
  const pid = identity === undefined ? {} : { pid: identity.pid };
  const mine = holder === engine.leases.holder;
  const judged = identity === undefined ? 'elsewhere' : isAlive(identity);
  return { kind: mine ? 'this-engine' : judged, ...pid, expiresAt, expired };
}

/** Reads the top-level run that a run belongs to, and everything below it. */
async function readTree(
  engine: EngineCore,
  id: RunId,
): Promise<{ readonly tree: RunTree; readonly open?: OpenRun }> {
  const { store } = engine;
  const run = await store.run(id);
  if (run === undefined) throw runUnknown(id);
  const { rootId } = run;
  const root = rootId === id ? run : await store.run(rootId);
  if (root === undefined) throw runUnknown(rootId);
  const below = await store.below(rootId);
  if (isTerminal(root.state)) return { tree: new RunTree({ root, below }) };
  const open = (await store.openRuns()).find((each) => each.run.id === rootId);
  if (open === undefined) return { tree: new RunTree({ root, below }) };
  const { lease, cancelReason } = open;
  const cancel = cancelReason === undefined ? {} : { cancelReason };
  const waiting = (await waitsUntil(engine, open, false)) !== undefined;
  const holder = holderOf(engine, lease);
  return { tree: new RunTree({ root, below, holder, waiting, ...cancel }), open };
}

/** Why this engine would not take up a run that was left behind; undefined where it would, or does not know its flow. */
async function refusedHere(engine: EngineCore, open: OpenRun): Promise<Failure | undefined> {
  const definition = engine.definitions.get('flow', open.run.name);
  if (definition === undefined || open.cancelReason !== undefined) return undefined;
  return refusalOf(engine, definition, await resumptionOf(engine, open.run, open));
}

/** Who has the shares of limits that a run, or one below it, waits for. */
async function sharesTaken(engine: EngineCore, tree: RunTree, id: RunId): Promise<TakenShares> {
  const limits = new Set([tree.known(id), ...tree.below(id)].flatMap(limitsInTheWayOf));
  if (limits.size === 0) return { permits: [], others: new Map() };
  const { store, clock } = engine;
  const all = await store.permits([...limits]);
  const permits = all.filter(({ expiresAt }) => expiresAt > clock.now());
  const holders = new Set(permits.flatMap((permit) => runOfPermit(permit.id) ?? []));
  const elsewhere = [...holders].filter((each) => tree.get(each) === undefined).slice(0, AT_ONCE);
  const runs = await Promise.all(elsewhere.map((each) => store.run(each)));
  return { permits, others: new Map(runs.flatMap((run) => (run ? [[run.id, run]] : []))) };
}

/** The most claims that are looked at for one explanation. */
const MOST_CLAIMS = 1000;

/** Who works on the queues that a run, or one below it, waits on, or is executed from. */
async function queuesKnown(engine: EngineCore, tree: RunTree, id: RunId): Promise<QueueFacts> {
  const runs = [tree.known(id), ...tree.below(id)].filter(({ state }) => !isTerminal(state));
  const queues = [...new Set(runs.flatMap(({ queue }) => queue ?? []))];
  if (queues.length === 0) return { claims: new Map(), workers: new Map() };
  const { store, workers } = engine;
  const found = await store.claimed({ queues, limit: MOST_CLAIMS });
  const claims = found.map(({ run, lease }) => ({ run, holder: holderOf(engine, lease) }));
  const working = claims.filter(({ holder }) => holder.kind !== 'dead' && !holder.expired);
  const worked = new Set(working.map(({ run }) => run.queue));
  const seen = (queue: string): WorkersSeen => {
    if ([...workers].some((worker) => worker.isOn(queue))) return 'this-engine';
    if (worked.has(queue)) return 'others';
    return store.durable ? 'none-seen' : 'none';
  };
  return {
    claims: new Map(claims.map(({ run, holder }) => [run.id, holder])),
    workers: new Map(queues.map((queue) => [queue, seen(queue)])),
  };
}

/** What there is to know of a run. */
export async function explainRun(engine: EngineCore, id: RunId): Promise<Explanation> {
  const { tree, open } = await readTree(engine, id);
  const refused =
    tree.leftBehind && open !== undefined ? await refusedHere(engine, open) : undefined;
  return explain(tree, id, {
    now: engine.clock.now(),
    shares: await sharesTaken(engine, tree, id),
    queues: await queuesKnown(engine, tree, id),
    recoveriesAllowed: ({ kind, name }) => engine.definitions.get(kind, name)?.maxRecoveries,
    ...(refused === undefined ? {} : { refused }),
  });
}

/** A flowchart of a run. */
export async function flowchartOf(engine: EngineCore, id: RunId): Promise<string> {
  const { tree } = await readTree(engine, id);
  return flowchart(tree, id, engine.clock.now());
}

/** The spans of a run and of all below it. */
export async function readTimeline(engine: EngineCore, id: RunId): Promise<Timeline> {
  const { tree } = await readTree(engine, id);
  const ids = [id, ...tree.below(id).map((run) => run.id)];
  const histories = new Map<RunId, readonly HistoryEntry[]>();
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    const read = await Promise.all(some.map((each) => engine.store.history(each)));
    for (const [at, each] of some.entries()) histories.set(each, read[at] ?? []);
  }
  return timelineOf(tree, id, histories, engine.clock.now());
}
