import { createRequest, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { expect, it } from 'vitest';
import { FakeConnection } from '../../test-support/fake-connection.js';
import { messageTestbed } from '../../test-support/message-testbed.js';

const view = (offset: number) => createRequest(RequestCode.VIEW_MESSAGE_BY_ID, { extFields: { offset: String(offset) } });

it('answers one stored message, byte for byte, or 1', async () => {
  const bed = await messageTestbed();
  const connection = new FakeConnection('[2001:db8::1]:5');
  await bed.send({ propertyTable: { TAGS: 'ä' }, flag: 3 }, connection);
  await bed.process(view(0), connection);
  expect(connection.lastResponse?.code).toBe(ResponseCode.SUCCESS);
  expect(connection.lastResponse?.body).toEqual(bed.store.records.get(0));
  await bed.process(view(1), connection);
  expect(connection.lastResponse?.code).toBe(ResponseCode.SYSTEM_ERROR);
});
