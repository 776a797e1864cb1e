import { createRequest, frameMaxLengthBytesDefault, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { RecordingConnection } from '../../test-support/recording-connection.js';
import { answerTable } from './table-answer.js';

test('a table that no frame holds is refused with the remedy', () => {
  const connection = new RecordingConnection();
  const request = createRequest(RequestCode.GET_ALL_TOPIC_CONFIG, {});
  const roomBytes = frameMaxLengthBytesDefault - 64 * 1024;
  answerTable(request, connection, { extFields: {}, body: Buffer.alloc(roomBytes) });
  answerTable(request, connection, { extFields: {}, body: Buffer.alloc(roomBytes + 1) });
  expect(connection.responses.map(({ code, remark }) => [code, remark])).toEqual([
    [ResponseCode.SUCCESS, undefined],
    [ResponseCode.SYSTEM_ERROR, expect.stringContaining('ask for pages or parts of it')],
  ]);
});
