import { ProtocolError, silentLogger } from '@orbitmq/core/kernel';
import { createRequest, type ExtFields, RequestCode, ResponseCode } from '@orbitmq/protocol';
import type { ClientRequestHandler } from '@orbitmq/remoting';
import { expect, test } from 'vitest';
import { registerPushedReplies } from './pushed-replies.js';

const extFields: ExtFields = {
  producerGroup: 'PG_RR',
  topic: 'DefaultCluster_REPLY_TOPIC',
  defaultTopic: 'TBW102',
  defaultTopicQueueNums: '4',
  queueId: '0',
  sysFlag: '0',
  bornTimestamp: '1795217058967',
  flag: '0',
  bornHost: '127.0.0.1:40798',
  storeHost: '127.0.0.1:10911',
  storeTimestamp: '1795217058973',
  properties: 'CORRELATION_ID\u0001c1\u0002',
};

function setup() {
  const told: unknown[] = [];
  let handler: ClientRequestHandler | undefined;
  registerPushedReplies(
    {
      registerHandler: (code, registered) => {
        if (code === RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT) handler = registered;
      },
    },
    { ...silentLogger, warn: (_message, fields) => void told.push(fields) },
  );
  const push = async (fields: ExtFields) =>
    handler?.(createRequest(326, { extFields: fields, body: Buffer.from('42') }), 'b:10911');
  return { told, push };
}

test('a reply that nobody waits for is taken and logged', async () => {
  const { told, push } = setup();
  expect(await push(extFields)).toMatchObject({ code: ResponseCode.SUCCESS });
  expect(await push({ ...extFields, properties: '' })).toMatchObject({ code: ResponseCode.SUCCESS });
  const fields = { address: 'b:10911', producerGroup: 'PG_RR' };
  expect(told).toEqual([
    { ...fields, correlationId: 'c1' },
    { ...fields, correlationId: undefined },
  ]);
});

test('one that cannot be read is refused', async () => {
  const { bornHost: _left, ...others } = extFields;
  await expect(setup().push(others)).rejects.toBeInstanceOf(ProtocolError);
});
