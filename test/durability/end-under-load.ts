/** A broker under load that is ended again and again, with a journal of what it acknowledged. */
import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isMqError, systemEnvironment } from '@orbitmq/core/kernel';
import {
  createRequest,
  decodeRecords,
  pullMessageHeader,
  pullMessageResponseHeader,
  RequestCode,
  ResponseCode,
  sendMessageResponseHeader,
  sendMessageV2Header,
} from '@orbitmq/protocol';
import { createRemotingClient, type RemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { type OrbitServer, startOrbitServer } from '../interop/orbit-server.js';
import { waitUntil } from '../support/wait-until.js';
import { type JournalEntry, judge, type StoredMessage, sealedBody, type Verdict } from './ack-journal.js';

const topic = 'journal';
/** A round without acknowledgements would show nothing, however slow the machine. */
const ackedPerRoundMin = 100;
const queues = 4;
const inFlightPerQueue = 16;

let sequence = 0;

async function sendOne(client: RemotingClient, address: string, queueId: number, journal: JournalEntry[]): Promise<void> {
  sequence += 1;
  const entry: JournalEntry = {
    body: sealedBody(`${sequence} ${'x'.repeat(randomInt(0, 2000))}`),
    queueId,
    begunAt: performance.now(),
    ackedAt: undefined,
    queueOffset: undefined,
    refused: false,
  };
  journal.push(entry);
  const extFields = sendMessageV2Header.encode({
    producerGroup: 'journal',
    topic,
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: queues,
    queueId,
    sysFlag: 0,
    bornTimestamp: Date.now(),
    flag: 0,
    properties: 'WAIT\u0001true',
    reconsumeTimes: 0,
    unitMode: false,
    maxReconsumeTimes: undefined,
    batch: false,
    brokerName: 'broker-a',
  });
  const answer = await client.invoke(
    address,
    createRequest(RequestCode.SEND_MESSAGE_V2, { extFields, body: Buffer.from(entry.body) }),
    { timeoutMs: 3000 },
  );
  if (answer.code !== ResponseCode.SUCCESS) {
    // 10, 11 and 12 are stored all the same.
    entry.refused = answer.code < ResponseCode.FLUSH_DISK_TIMEOUT || answer.code > ResponseCode.FLUSH_SLAVE_TIMEOUT;
    return;
  }
  entry.queueOffset = sendMessageResponseHeader.decodeCommand(answer).queueOffset;
  entry.ackedAt = performance.now();
}

/** Keeps a fixed number of sends open per queue until the broker is gone. */
export async function load(address: string, journal: JournalEntry[], stopped: () => boolean): Promise<void> {
  const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
  await client.start();
  const lanes = Array.from({ length: queues * inFlightPerQueue }, async (_, lane) => {
    while (!stopped()) {
      try {
        await sendOne(client, address, lane % queues, journal);
      } catch (error) {
        if (!isMqError(error)) throw error;
        await pause(1);
      }
    }
  });
  await Promise.all(lanes);
  await client.stop();
}

export async function readAll(address: string): Promise<readonly StoredMessage[]> {
  const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
  await client.start();
  const stored: StoredMessage[] = [];
  for (let queueId = 0; queueId < queues; queueId += 1) {
    let queueOffset = 0;
    for (;;) {
      const extFields = pullMessageHeader.encode({
        consumerGroup: 'reader',
        topic,
        queueId,
        queueOffset,
        maxMsgNums: 32,
        sysFlag: 4,
        commitOffset: 0,
        suspendTimeoutMillis: 0,
        subscription: '*',
        subVersion: 0,
        expressionType: 'TAG',
        maxMsgBytes: undefined,
        brokerName: 'broker-a',
      });
      const answer = await client.invoke(address, createRequest(RequestCode.PULL_MESSAGE, { extFields }), { timeoutMs: 10_000 });
      if (answer.code !== ResponseCode.SUCCESS || answer.body === undefined) break;
      for (const message of decodeRecords(answer.body))
        stored.push({ queueId, queueOffset: message.queueOffset, body: message.body.toString() });
      queueOffset = pullMessageResponseHeader.decodeCommand(answer).nextBeginOffset;
    }
  }
  await client.stop();
  return stored;
}

export interface RoundsOptions {
  readonly rounds: number;
  /** Of the broker's configuration and, by default, its store. */
  readonly directory: string;
  readonly overrides?: Readonly<Record<string, string>>;
  /** Ends the broker and starts it again. Default: SIGKILL. */
  readonly end?: (server: OrbitServer) => Promise<void>;
  readonly onRound?: (round: number, verdict: Verdict) => void;
}

/** Rounds of load and end; stops at the first violation. The verdict is over all rounds. */
export async function endUnderLoad(options: RoundsOptions): Promise<Verdict> {
  const { directory, onRound, rounds } = options;
  const end = options.end ?? ((server) => server.restartBroker('SIGKILL'));
  const server = await startOrbitServer(directory, { mappedFileSizeCommitLog: String(4 << 20), ...options.overrides });
  const journal: JournalEntry[] = [];
  let verdict = judge(journal, []);
  try {
    for (let round = 0; round < rounds && verdict.violations.length === 0; round += 1) {
      let isStopped = false;
      const loading = load(server.brokerAddr, journal, () => isStopped);
      const enough = verdict.acked + ackedPerRoundMin;
      const acked = (): number => journal.filter(({ ackedAt }) => ackedAt !== undefined).length;
      await waitUntil('the broker acknowledges', 60_000, () => acked() >= enough || undefined);
      await pause(randomInt(10, 800));
      const ended = end(server);
      await pause(5);
      isStopped = true;
      await Promise.all([ended, loading]);
      verdict = judge(journal, await readAll(server.brokerAddr));
      onRound?.(round, verdict);
    }
  } finally {
    await server.stop();
  }
  return verdict;
}
