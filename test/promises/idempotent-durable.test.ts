/** A repeated send on a slow disk: it is never told more than is true of the first message, and a power cut takes the key with the message. */
import { type BrokerConfig, createBroker, defaultBrokerConfig } from '@orbitmq/broker';
import { createRequest, encodeProperties, type RemotingCommand, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient, InProcessNetwork } from '@orbitmq/remoting';
import { type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { SimulatedDisk } from '../simulation/simulated-disk.js';
import { sendFields } from '../support/send-fields.js';
import { verifies } from '../support/verifies.js';

class Machine {
  readonly environment: VirtualEnvironment = virtualEnvironment(5);
  readonly #timing = { timers: this.environment.timers, random: this.environment.random };
  disk = new SimulatedDisk(this.#timing);
  #client = createRemotingClient({ environment: this.environment, dialer: new InProcessNetwork(this.#timing) });

  async powerOn(): Promise<void> {
    const { environment, disk } = this;
    const network = new InProcessNetwork(this.#timing);
    const config: BrokerConfig = {
      ...defaultBrokerConfig,
      brokerName: 'broker-a',
      storePathRootDir: '/store',
      mappedFileSizeCommitLog: 1_048_576,
    };
    await environment.time.settle(createBroker({ environment, network, fileSystem: disk, config }).start());
    this.#client = createRemotingClient({ environment, dialer: network, idleTimeoutMs: 1_000_000_000 });
    await environment.time.settle(this.#client.start());
  }

  powerCut(): void {
    this.disk = this.disk.crash('nothing');
  }

  send(key: string, queueId = 0): Promise<RemotingCommand> {
    const { clock } = this.environment;
    const properties = encodeProperties({ UNIQ_KEY: `U${clock.monotonic()}`, ORBITMQ_IDEMPOTENCY_KEY: key });
    const extFields = sendFields({ topic: 'letters', bornTimestamp: clock.now(), defaultTopicQueueNums: 4, queueId, properties });
    const request = createRequest(RequestCode.SEND_MESSAGE_V2, { extFields, body: Buffer.from(key) });
    return this.#client.invoke('127.0.0.1:10911', request, { timeoutMs: 60_000 });
  }
}

const slowFlushMs = 12_000;
const slow = ({ path }: { readonly path: string }): number => (path.includes('commitlog') ? slowFlushMs : 0);
const placeOf = ({ extFields }: RemotingCommand) => [extFields?.['msgId'], extFields?.['queueId'], extFields?.['queueOffset']];

test('FLUSH_DISK_TIMEOUT for the first is FLUSH_DISK_TIMEOUT for its repeats, until the disk has it', async () => {
  verifies('idempotent-send');
  const machine = new Machine();
  const { time } = machine.environment;
  await machine.powerOn();
  await time.settle(machine.send('warm'));
  machine.disk.delayMs = slow;
  const [first, joined] = await time.settle(Promise.all([machine.send('k', 2), machine.send('k')]));
  const busy = await time.settle(machine.send('k', 3));
  await time.advance(slowFlushMs);
  const later = await time.settle(machine.send('k', 3));
  expect([first.code, joined.code]).toEqual([ResponseCode.FLUSH_DISK_TIMEOUT, ResponseCode.FLUSH_DISK_TIMEOUT]);
  // The joined one waited for the disk once more; after it a flush of this length is a stall, and nothing is taken until it ends.
  expect([busy.code, busy.extFields?.['queueOffset'], later.code]).toEqual([
    ResponseCode.SYSTEM_BUSY,
    undefined,
    ResponseCode.SUCCESS,
  ]);
  expect([placeOf(joined), placeOf(later)]).toEqual([placeOf(first), placeOf(first)]);
  machine.disk.delayMs = () => 0;
  machine.powerCut();
  await machine.powerOn();
  expect(placeOf(await time.settle(machine.send('k')))).toEqual(placeOf(first));
});

test('what the disk did not get before a power cut is stored when it is sent again', async () => {
  verifies('idempotent-send');
  const machine = new Machine();
  const { time } = machine.environment;
  await machine.powerOn();
  const kept = await time.settle(machine.send('kept'));
  machine.disk.delayMs = () => 1_000_000;
  const first = await time.settle(machine.send('lost', 2));
  expect(first.code).toBe(ResponseCode.FLUSH_DISK_TIMEOUT);
  machine.powerCut();
  await machine.powerOn();
  const again = await time.settle(machine.send('lost', 1));
  expect([again.code, again.extFields?.['queueId'], again.extFields?.['queueOffset']]).toEqual([ResponseCode.SUCCESS, '1', '0']);
  expect(placeOf(await time.settle(machine.send('kept')))).toEqual(placeOf(kept));
});
