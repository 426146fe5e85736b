import assert from 'node:assert/strict';
import { isHoldfastError, layeredStore, type ObjectStore } from '@holdfast/core';
import { createBackup } from '../../publish/create-backup.ts';
import { inTime, type SourceBench } from './bench.ts';
import type { SourceCheck, SourceSubject } from './check.ts';
import { recordDump } from './recorded-dump.ts';

/** A store that gives the dump up as soon as it has seen bytes of it. */
function abortingStore(store: ObjectStore, abort: () => void): ObjectStore {
  return layeredStore(store, {
    put: (key, body, options) =>
      store.put(
        key,
        (async function* () {
          if (body instanceof Uint8Array) yield body;
          else
            for await (const chunk of body) {
              abort();
              yield chunk;
            }
        })(),
        options,
      ),
  });
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => assert.fail('it did not fail'),
    (error: unknown) => error,
  );
}

function backUpInto(
  { source, spec }: SourceSubject,
  bench: SourceBench,
  store: ObjectStore,
  signal: AbortSignal,
): Promise<unknown> {
  return createBackup({
    ...bench.work(source, signal),
    source: spec,
    store,
    storeName: 'bench',
  });
}

/** What a dump gives, and what it leaves. */
export const dumpingChecks: readonly SourceCheck[] = [
  {
    name: 'dumps something, and names what the source held',
    async run(subject, bench) {
      const { facts, streams } = await bench.inRoom((room) =>
        recordDump(subject.source, subject.spec, room),
      );
      assert.ok(streams.length > 0, 'no stream');
      assert.ok(
        streams.some(({ bytes }) => bytes.length > 0),
        'only empty streams',
      );
      const names = streams.map(({ stream }) => stream.plainName);
      assert.deepEqual([...new Set(names)], names, 'two streams of one name');
      await subject.lose();
      const after = await bench.inRoom((room) => recordDump(subject.source, subject.spec, room));
      assert.notDeepEqual(
        after.facts.fingerprint,
        facts.fingerprint,
        'the fingerprint is the same though the source has lost something',
      );
      await bench.assertTidy();
    },
  },
  {
    name: 'makes no dump of a source that is not there, and says so with a code',
    async run(subject, bench) {
      const made = bench.backUp({ ...subject, spec: subject.missing });
      const error = await failureOf(inTime(made, 'the dump of what is not there'));
      assert.ok(isHoldfastError(error), `an error without a code: ${String(error)}`);
      assert.deepEqual(await bench.keys(), [], 'stored of a source that is not there');
      await bench.assertTidy();
    },
  },
  {
    name: 'gives up when its signal aborts, and leaves no process and no file',
    async run(subject, bench) {
      const abort = new AbortController();
      const reason = new Error('the window has closed');
      const store = abortingStore(bench.store, () => abort.abort(reason));
      const made = backUpInto(subject, bench, store, abort.signal);
      assert.equal(await failureOf(inTime(made, 'the aborted dump')), reason, 'another error');
      assert.deepEqual(await bench.keys(), []);
      await bench.assertTidy();
    },
  },
  {
    name: 'lets go of everything when nobody wants the rest of its dump',
    async run(subject, bench) {
      await bench.inRoom(async (room) => {
        const dump = subject.source.dump(subject.spec, room);
        await dump.next();
        await inTime(dump.return(undefined as never), 'the dump that was let go of');
      });
      await bench.assertTidy();
    },
  },
  {
    name: 'can be dumped twice at once',
    async run(subject, bench) {
      const [one, two] = await Promise.all([bench.backUp(subject), bench.backUp(subject)]);
      assert.notEqual(one.id, two.id);
      await bench.assertTidy();
    },
  },
  {
    name: 'tells no secret: not in arguments, the manifest, RESTORE.md or what it stores beside the dump',
    needs: 'secrets',
    async run(subject, bench) {
      await bench.backUp(subject);
      const values = Object.values(subject.secrets ?? {});
      const told = [subject.source.identity(subject.spec), bench.children.map(({ args }) => args)];
      const texts = told.map((one) => JSON.stringify(one));
      for (const key of await bench.keys()) {
        if (/\/(?:manifest\.json|RESTORE\.md|SHA256SUMS)$/.test(key)) {
          texts.push((await bench.bytesOf(key)).toString());
        }
      }
      for (const value of values) {
        assert.ok(!texts.some((text) => text.includes(value)), 'a secret stands where people read');
      }
    },
  },
];
