/**
 * A disk that hangs, then a power cut: the file with the consumer offsets is on another part of the disk than the log, and
 * must not get there before the retry copies of the messages that the offsets passed.
 */
import { type BrokerConfig, createBroker, defaultBrokerConfig } from '@orbitmq/broker';
import {
  createRequest,
  queryConsumerOffsetHeader,
  queueOffsetHeader,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  updateConsumerOffsetHeader,
} from '@orbitmq/protocol';
import { createRemotingClient, InProcessNetwork } from '@orbitmq/remoting';
import { type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { SimulatedDisk } from '../simulation/simulated-disk.js';
import { sendFields } from '../support/send-fields.js';
import { verifies } from '../support/verifies.js';

const group = 'readers';
const retry = `%RETRY%${group}`;

class Machine {
  readonly environment: VirtualEnvironment = virtualEnvironment(3);
  readonly #timing = { timers: this.environment.timers, random: this.environment.random };
  readonly #flushDiskType: BrokerConfig['flushDiskType'];
  disk = new SimulatedDisk(this.#timing);
  /** The broker of before the power cut ends nothing any more, so the next one is on a network of its own. */
  #client = createRemotingClient({ environment: this.environment, dialer: new InProcessNetwork(this.#timing) });

  constructor(flushDiskType: BrokerConfig['flushDiskType']) {
    this.#flushDiskType = flushDiskType;
  }

  async powerOn(): Promise<void> {
    const { environment, disk } = this;
    const { time } = environment;
    const network = new InProcessNetwork(this.#timing);
    const config: BrokerConfig = {
      ...defaultBrokerConfig,
      brokerName: 'broker-a',
      storePathRootDir: '/store',
      mappedFileSizeCommitLog: 1_048_576,
      flushDiskType: this.#flushDiskType,
      // The interval flush does not come before the offsets: what is on the disk, the snapshot's own flush brought there.
      flushIntervalCommitLog: 60_000,
      flushIntervalConsumeQueue: 60_000,
    };
    await time.settle(createBroker({ environment, network, fileSystem: disk, config }).start());
    this.#client = createRemotingClient({ environment, dialer: network, idleTimeoutMs: 1_000_000_000 });
    await time.settle(this.#client.start());
  }

  powerCut(): void {
    this.disk = this.disk.crash('nothing');
  }

  ask(code: number, extFields: Record<string, string>, body?: Buffer): Promise<RemotingCommand> {
    const request = createRequest(code, { extFields, body });
    return this.environment.time.settle(this.#client.invoke('127.0.0.1:10911', request, { timeoutMs: 30_000 }));
  }

  send(topic: string, body: string): Promise<RemotingCommand> {
    const extFields = sendFields({ topic, bornTimestamp: this.environment.clock.now(), defaultTopicQueueNums: 1 });
    return this.ask(RequestCode.SEND_MESSAGE_V2, extFields, Buffer.from(body));
  }

  commit(commitOffset: number): Promise<RemotingCommand> {
    const header = { consumerGroup: group, topic: 'letters', queueId: 0, commitOffset, brokerName: undefined };
    return this.ask(RequestCode.UPDATE_CONSUMER_OFFSET, updateConsumerOffsetHeader.encode(header));
  }

  async committed(): Promise<number> {
    const header = { consumerGroup: group, topic: 'letters', queueId: 0, setZeroIfNotFound: false, brokerName: undefined };
    const answer = await this.ask(RequestCode.QUERY_CONSUMER_OFFSET, queryConsumerOffsetHeader.encode(header));
    return Number(answer.extFields?.['offset'] ?? -1);
  }

  async maxOffset(topic: string): Promise<number> {
    const extFields = queueOffsetHeader.encode({ topic, queueId: 0, brokerName: undefined });
    return Number((await this.ask(RequestCode.GET_MAX_OFFSET, extFields)).extFields?.['offset']);
  }
}

test('SYNC_FLUSH: a retry copy answered with FLUSH_DISK_TIMEOUT is not lost behind an offset that passed its message', async () => {
  verifies('offset-behind-copy');
  const machine = new Machine('SYNC_FLUSH');
  const { time } = machine.environment;
  await machine.powerOn();
  expect((await machine.send('letters', 'one')).code).toBe(ResponseCode.SUCCESS);
  expect((await machine.send(retry, 'warm')).code).toBe(ResponseCode.SUCCESS);
  expect((await machine.commit(0)).code).toBe(ResponseCode.SUCCESS);
  await time.advance(20_000);

  machine.disk.delayMs = ({ path }) => (path.includes('commitlog') ? 40_000 : 0);
  expect((await machine.send(retry, 'copy of one')).code).toBe(ResponseCode.FLUSH_DISK_TIMEOUT);
  expect((await machine.commit(1)).code).toBe(ResponseCode.SUCCESS);
  await time.advance(20_000);
  machine.powerCut();
  await machine.powerOn();
  expect([await machine.committed(), await machine.maxOffset(retry)]).toEqual([0, 1]);
});

test('SYNC_FLUSH: the offset follows as soon as the disk has the copy', async () => {
  verifies('offset-behind-copy');
  const machine = new Machine('SYNC_FLUSH');
  const { time } = machine.environment;
  await machine.powerOn();
  await machine.send('letters', 'one');
  machine.disk.delayMs = ({ path }) => (path.includes('commitlog') ? 15_000 : 0);
  expect((await machine.send(retry, 'copy of one')).code).toBe(ResponseCode.FLUSH_DISK_TIMEOUT);
  await machine.commit(1);
  await time.advance(30_000);
  machine.powerCut();
  await machine.powerOn();
  expect([await machine.committed(), await machine.maxOffset(retry)]).toEqual([1, 1]);
});

test('ASYNC_FLUSH: offsets bring the log to the disk before themselves', async () => {
  verifies('offset-behind-copy');
  const machine = new Machine('ASYNC_FLUSH');
  const { time } = machine.environment;
  await machine.powerOn();
  await machine.send('letters', 'one');
  expect((await machine.send(retry, 'copy of one')).code).toBe(ResponseCode.SUCCESS);
  await machine.commit(1);
  await time.advance(6000);
  machine.powerCut();
  await machine.powerOn();
  expect([await machine.committed(), await machine.maxOffset(retry)]).toEqual([1, 1]);
});
