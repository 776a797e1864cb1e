/** A process that appends until it is killed and journals each answer. Arguments: store directory, journal file, label. */
import { openSync, writeSync } from 'node:fs';
import { nodeFileSystem, type PutStatus } from '@orbitmq/broker';
import { systemEnvironment } from '@orbitmq/core/kernel';
import { messageOf, openTestStore } from './store-fixture.js';

const [directory = '', journalPath = '', label = ''] = process.argv.slice(2);
const outstanding = 64;
const queueCount = 4;

const journal = openSync(journalPath, 'a');
const { store } = openTestStore(systemEnvironment(), nodeFileSystem(), {
  config: {
    storePathRootDir: directory,
    mappedFileSizeCommitLog: 1_048_576,
    mappedFileSizeConsumeQueue: 20_000,
    flushIntervalConsumeQueue: 100,
  },
  limits: { reserveAheadBytes: 262_144, tailChunkBytes: 262_144, tailBytesMax: 1_048_576, recoveryBytesMax: 2_097_152 },
});
await store.start();
writeSync(1, 'ready\n');

let sequence = 0;

function sendNext(): void {
  sequence += 1;
  const queueId = sequence % queueCount;
  const body = `${label}-${sequence}-`.padEnd(100 + ((sequence * 37) % 900), 'x');
  let queueOffset = -1;
  store.putMessage(messageOf('journal', queueId, body), {
    onAppended: (_physicalOffset, offset) => {
      queueOffset = offset;
    },
    onDone: (status: PutStatus) => {
      if (status !== 'PUT_OK') throw new Error(status);
      writeSync(journal, `${queueId} ${queueOffset} ${body}\n`);
      setImmediate(sendNext);
    },
  });
}

for (let index = 0; index < outstanding; index += 1) sendNext();
