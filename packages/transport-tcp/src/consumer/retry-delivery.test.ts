import { TransportError } from '@orbitmq/core/kernel';
import { createResponse, type RemotingCommand, RequestCode, ResponseCode, sendMessageV2Header } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { ConsumerRequests } from './consumer-requests.js';
import { defaultConsumerTuning } from './consumer-tuning.js';
import { RetryDelivery } from './retry-delivery.js';
import { fixture } from './test-support/consumer-fixture.js';
import { plainMessage } from './test-support/plain-message.js';

/** A group whose retry topic has a queue on each of `brokerNames`; every broker in `down` fails all requests. */
function setUp(brokerNames: readonly string[], down: readonly string[], seed: number) {
  const f = fixture(1, seed);
  const { environment, time } = f;
  const instance = f.client('c1');
  const tried: string[] = [];
  instance.publishQueues = async () => brokerNames.map((brokerName, queueId) => ({ topic: '%RETRY%g', brokerName, queueId }));
  instance.masterAddress = (brokerName = 'broker-a') => brokerName;
  const invoke = async (address: string, request: RemotingCommand): Promise<RemotingCommand> => {
    if (request.code === RequestCode.SEND_MESSAGE_V2) tried.push(sendMessageV2Header.decode(request.extFields).brokerName ?? '');
    if (down.includes(address)) throw new TransportError('CONNECTION_CLOSED', 'planted', { outcome: 'unknown' });
    return createResponse(request, ResponseCode.SUCCESS);
  };
  Object.assign(instance, { remoting: { ...instance.remoting, invoke } });
  const requests = new ConsumerRequests(instance, 'g', defaultConsumerTuning);
  const common = { environment, instance, requests, group: 'g', reconsumeLimit: 16, tuning: defaultConsumerTuning };
  return { retries: new RetryDelivery(common), tried, time };
}

test.each([1, 2, 3, 4, 5, 6])(
  'a copy avoids the broker that refused to take the message back, and those that refuse the copy (%i)',
  async (seed) => {
    const { retries, tried, time } = setUp(['broker-a', 'broker-a', 'broker-b', 'broker-c'], ['broker-a', 'broker-b'], seed);
    expect(await time.settle(retries.sendBack(plainMessage(0), 0))).toBe(true);
    expect(tried.filter((name) => name === 'broker-a')).toEqual([]);
    expect(tried.at(-1)).toBe('broker-c');
  },
);

test('without another broker it goes to the one that failed all the same', async () => {
  const { retries, tried, time } = setUp(['broker-a', 'broker-a'], ['broker-a'], 1);
  expect(await time.settle(retries.sendBack(plainMessage(0), 0))).toBe(false);
  expect(tried).toEqual(['broker-a', 'broker-a']);
});
