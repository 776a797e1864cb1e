import {
  createRequest,
  decodeClientStatus,
  type ExtFields,
  encodeResetOffsetBody,
  encodeResetOffsetList,
  parseFastjson,
  type QueueOffsets,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
} from '@orbitmq/protocol';
import type { ClientRequestHandler } from '@orbitmq/remoting';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import type { ConsumerOperations } from './consumer-operations.js';
import { registerOperatorRequests } from './operator-requests.js';

const queue = { topic: 'T', brokerName: 'b', queueId: 1 };

const status = { pullRT: 1.5, pullTPS: 0.5, consumeRT: 2, consumeOKTPS: 0.5, consumeFailedTPS: 0, consumeFailedMsgs: 3 };

function setup(operations?: Partial<ConsumerOperations>) {
  const handlers = new Map<number, ClientRequestHandler>();
  const resets: (readonly [string, QueueOffsets])[] = [];
  const all: ConsumerOperations = {
    resetOffsets: (topic, offsets) => void resets.push([topic, offsets]),
    consumedOffsets: () => [[queue, 7]],
    runningInfo: () => ({
      properties: { PROP_CONSUMEORDERLY: 'false' },
      subscriptions: [],
      queues: [],
      statuses: new Map([['T', status]]),
    }),
    consumeDirectly: async () => ({ consumeResult: 'CR_SUCCESS', isOrderly: false, spentTimeMs: 3 }),
    ...operations,
  };
  registerOperatorRequests({
    remoting: { registerHandler: (code, handler) => void handlers.set(code, handler) },
    logger: virtualEnvironment(1).logger,
    namesrvAddr: 'a:9876;b:9876',
    operationsOf: (group) => (group === 'g' ? all : undefined),
  });
  const ask = async (code: number, extFields: ExtFields, body?: Buffer): Promise<RemotingCommand | undefined> =>
    handlers.get(code)?.(createRequest(code, { extFields, ...(body === undefined ? {} : { body }) }), 'b:10911');
  return { ask, resets };
}

const about = { topic: 'T', group: 'g' };
const json = (answer: RemotingCommand | undefined) => parseFastjson(answer?.body?.toString() ?? 'null');

test.each([
  ['a table', encodeResetOffsetBody([[queue, 5]])],
  ['a list, as for C++', encodeResetOffsetList([[queue, 5]])],
])('220 moves offsets given as %s, and answers nothing', async (_name, body) => {
  const { ask, resets } = setup();
  const fields = { ...about, timestamp: '1', isForce: 'true' };
  expect(await ask(RequestCode.RESET_CONSUMER_CLIENT_OFFSET, fields, body)).toBeUndefined();
  expect(resets).toEqual([['T', [[queue, 5]]]]);
  await ask(RequestCode.RESET_CONSUMER_CLIENT_OFFSET, { ...fields, group: 'other' }, body);
  await ask(RequestCode.RESET_CONSUMER_CLIENT_OFFSET, fields, Buffer.from('garbage'));
  await ask(RequestCode.RESET_CONSUMER_CLIENT_OFFSET, {}, body);
  expect(resets).toHaveLength(1);
});

test('221 tells what is consumed; nothing for a group that is not here', async () => {
  const { ask } = setup();
  const status = async (group: string) =>
    decodeClientStatus((await ask(RequestCode.GET_CONSUMER_STATUS_FROM_CLIENT, { topic: 'T', group }))?.body ?? Buffer.alloc(0));
  expect([await status('g'), await status('other')]).toEqual([[[queue, 7]], []]);
});

test('307 tells the running state with the NameServers, and refuses a group that is not here', async () => {
  const { ask } = setup();
  const info = (consumerGroup: string) => ask(RequestCode.GET_CONSUMER_RUNNING_INFO, { consumerGroup, clientId: 'c' });
  expect(json(await info('g'))).toMatchObject({
    properties: { PROP_CONSUMEORDERLY: 'false', PROP_NAMESERVER_ADDR: 'a:9876;b:9876' },
    statusTable: { T: status },
    mqTable: {},
    subscriptionSet: [],
  });
  expect(await info('other')).toMatchObject({
    code: ResponseCode.SYSTEM_ERROR,
    remark: 'The Consumer Group <other> not exist in this consumer',
  });
});

test('309 consumes the message and tells what became of it', async () => {
  const { ask } = setup();
  const consume = (consumerGroup: string, body?: Buffer) =>
    ask(RequestCode.CONSUME_MESSAGE_DIRECTLY, { consumerGroup, brokerName: 'b' }, body);
  expect(json(await consume('g', Buffer.from('record')))).toEqual({
    autoCommit: true,
    consumeResult: 'CR_SUCCESS',
    order: false,
    spentTimeMills: 3,
  });
  expect((await consume('g'))?.code).toBe(ResponseCode.SYSTEM_ERROR);
  expect((await consume('other', Buffer.from('record')))?.code).toBe(ResponseCode.SYSTEM_ERROR);
  const busy = setup({ consumeDirectly: () => undefined });
  const fields = { consumerGroup: 'g' };
  expect((await busy.ask(RequestCode.CONSUME_MESSAGE_DIRECTLY, fields, Buffer.from('record')))?.code).toBe(
    ResponseCode.SYSTEM_ERROR,
  );
});
