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
import { expect, it } from 'vitest';
import { startOrbitServer } from '../interop/orbit-server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { verifies } from '../support/verifies.js';
import { type JournalEntry, judge, type StoredMessage, sealedBody } from './ack-journal.js';

const rounds = 20;
const topic = 'journal';
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
async function load(address: string, journal: JournalEntry[], stopped: () => boolean): Promise<void> {
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

async function readAll(address: string): Promise<readonly StoredMessage[]> {
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

it('kill -9 under load loses, invents and reorders nothing', { timeout: 300_000 }, async () => {
  verifies('durable-kill', 'offset-identity');
  const directory = await temporaryDirectory('kill');
  const server = await startOrbitServer(directory.path, { mappedFileSizeCommitLog: String(4 << 20) });
  const journal: JournalEntry[] = [];
  for (let round = 0; round < rounds; round += 1) {
    let isStopped = false;
    const loading = load(server.brokerAddr, journal, () => isStopped);
    await pause(randomInt(100, 900));
    const killed = server.restartBroker('SIGKILL');
    await pause(5);
    isStopped = true;
    await Promise.all([killed, loading]);
    const verdict = judge(journal, await readAll(server.brokerAddr));
    expect(verdict.violations.slice(0, 10), `round ${round}`).toEqual([]);
  }
  const verdict = judge(journal, await readAll(server.brokerAddr));
  // A run without acknowledged and interrupted sends would show nothing.
  expect(verdict.acked).toBeGreaterThan(rounds * 100);
  expect(verdict.unknown).toBeGreaterThan(0);
  console.log(
    `${rounds} kills: ${verdict.acked} acknowledged, ${verdict.unknown} unknown, ${verdict.stored} stored, 0 violations`,
  );
  await server.stop();
  await directory.remove();
});
