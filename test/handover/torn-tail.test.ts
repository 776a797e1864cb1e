/** A broker is killed while it writes, and one of another make recovers its directory. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { apacheMissing, apacheVersions } from '../interop/apache/distribution.js';
import type { Child } from '../support/child.js';
import { CleanUps } from '../support/clean-ups.js';
import { waitUntil } from '../support/wait-until.js';
import { type BrokerKind, startBrokerOn } from './broker-on-directory.js';
import { HandoverClient } from './handover-client.js';
import { expectContinued, type QueueView, viewQueues } from './queue-view.js';
import { expectConsistentFiles, readLog } from './store-files.js';

const cleanUps = new CleanUps();
const limitMs = 400_000;
const fileSizeBytes = 262_144;
const topic = 'torn';
const queues = [0, 1].map((queueId) => ({ topic, queueId }));
const missing = apacheMissing();

afterEach(() => cleanUps.run());

const onProcess = (child: Child): void => void cleanUps.child(child);

/** Writes the beginning of a record behind the end of the log, as a kill in the middle of a write leaves it. */
function tear(store: string): number {
  const { records, end } = readLog(store);
  const last = records.at(-1);
  if (last === undefined) throw new Error('the log is empty');
  const start = Math.floor(last.physicalOffset / fileSizeBytes) * fileSizeBytes;
  const path = join(store, 'commitlog', String(start).padStart(20, '0'));
  const at = last.physicalOffset - start;
  const torn = Buffer.from(readFileSync(path).subarray(at, at + last.storeSizeBytes));
  torn.writeBigInt64BE(BigInt(last.queueOffset + 1), 20);
  torn.writeBigInt64BE(BigInt(end), 28);
  const file = openSync(path, 'r+');
  // Inside the body: Apache checks nothing behind it, and takes a record for whole whose properties are zeros.
  writeSync(file, torn, 0, 120, end - start);
  closeSync(file);
  return end;
}

describe.skipIf(missing !== undefined).each(apacheVersions)(`torn tails, with Apache %s${missing ?? ''}`, (apache) => {
  test(
    'what was acknowledged is there, the torn record never was',
    async () => {
      const directory = await cleanUps.directory('torn');
      const store = join(directory, 'store');
      let views: readonly QueueView[] | undefined;
      const stages: readonly BrokerKind[] = [apache, 'OrbitMQ', apache, 'OrbitMQ'];
      for (const [stage, kind] of stages.entries()) {
        const broker = await startBrokerOn(kind, { directory, onProcess });
        const client = await HandoverClient.connect(broker.address);
        cleanUps.add(() => client.stop());
        if (views === undefined) await client.createTopic(topic, queues.length, 6);
        else {
          const found = await viewQueues(client, queues);
          expectContinued(views, found);
          expect(
            found.map((view) => view.maxOffset),
            'nothing but what was acknowledged',
          ).toEqual(views.map((view) => view.maxOffset));
        }
        const next = await Promise.all(queues.map(({ queueId }) => client.maxOffset(topic, queueId)));
        // Of equal sizes: a record that is written over a torn one ends where that one would have.
        for (let index = 0; index < 60; index += 1) {
          const queueId = index % queues.length;
          const body = `${stage}-${index}`.padEnd(100 + (stage % 2) * 50, '.');
          expect((await client.send({ topic, queueId, body })).queueOffset).toBe(next[queueId]);
          next[queueId] = (next[queueId] ?? 0) + 1;
        }
        // Apache answers before a message is in its queue.
        await waitUntil('all is in the queues', 30_000, async () => {
          views = await viewQueues(client, queues);
          return views.every((view, queueId) => view.maxOffset === next[queueId]);
        });
        const isLast = stage === stages.length - 1;
        await broker.stop(isLast ? 'SIGTERM' : 'SIGKILL');
        if (!isLast) tear(store);
      }
      expectConsistentFiles(store);
      const { records } = readLog(store);
      expect(records.filter((record) => record.topic === topic)).toHaveLength(stages.length * 60);
    },
    limitMs,
  );
});
