import { createRequest, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { RecordingConnection } from '../../../test-support/recording-connection.js';
import { ColdDataProcessor } from './cold-data.js';

test('at the limit no further group is kept, a known one changes, and one that goes makes room', () => {
  const processor = new ColdDataProcessor(2);
  const connection = new RecordingConnection();
  const ask = (code: number, body = '') => {
    processor.process(createRequest(code, { body: Buffer.from(body) }), connection);
    return connection.responses.at(-1);
  };
  const kept = () => JSON.parse(ask(RequestCode.GET_COLD_DATA_FLOW_CTR_INFO)?.body?.toString() ?? '').configTable;
  ask(RequestCode.UPDATE_COLD_DATA_FLOW_CTR_CONFIG, 'a=1\nb=2\nc=3\na=4\n');
  expect(kept()).toEqual({ a: 4, b: 2 });
  ask(RequestCode.REMOVE_COLD_DATA_FLOW_CTR_CONFIG, 'a');
  ask(RequestCode.UPDATE_COLD_DATA_FLOW_CTR_CONFIG, 'c=3');
  expect(kept()).toEqual({ b: 2, c: 3 });
});

test('a body of more than 64 KiB is refused', () => {
  const connection = new RecordingConnection();
  const ask = (size: number) => {
    const body = Buffer.alloc(size, 'a');
    new ColdDataProcessor().process(createRequest(RequestCode.UPDATE_COLD_DATA_FLOW_CTR_CONFIG, { body }), connection);
    return connection.responses.at(-1)?.code;
  };
  expect([ask(65_536), ask(65_537)]).toEqual([ResponseCode.SUCCESS, ResponseCode.INVALID_PARAMETER]);
});
