import { createRequest, type ExtFields, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { RecordingConnection } from '../../../test-support/recording-connection.js';
import { CorrectionOffsetProcessor } from './correction.js';

const offsets: Readonly<Record<string, ReadonlyMap<number, number>>> = {
  low: new Map([[0, 3]]),
  high: new Map([[0, 9]]),
};

function ask(filter: ExtFields = {}) {
  const known = { groupsWithOffsets: () => Object.keys(offsets), offsetsOf: (group: string) => offsets[group] ?? new Map() };
  const processor = new CorrectionOffsetProcessor(known, { minOffset: () => 0 });
  const connection = new RecordingConnection();
  const extFields = { topic: 'T', compareGroup: 'none', ...filter };
  processor.process(createRequest(RequestCode.QUERY_CORRECTION_OFFSET, { extFields }), connection);
  return connection.responses[0];
}

test('the lowest offset of the groups that are not filtered', () => {
  expect(ask()?.body?.toString()).toBe('{"correctionOffsets":{0:3}}');
  expect(ask({ filterGroups: 'x,low' })?.body?.toString()).toBe('{"correctionOffsets":{0:9}}');
});

test('a list of more groups than are looked at is refused', () => {
  expect(ask({ filterGroups: 'x,'.repeat(9999) })?.code).toBe(ResponseCode.SUCCESS);
  expect(ask({ filterGroups: 'x,'.repeat(10_000) })).toMatchObject({ code: ResponseCode.INVALID_PARAMETER });
});
