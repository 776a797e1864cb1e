import { expect, it } from 'vitest';
import { queryMessageHeader, queryMessageResponseHeader } from './query-message.js';

/** Page 04 §9, as sent by a 4.9 client. */
const wire = {
  _UNIQUE_KEY_QUERY: 'false',
  beginTimestamp: '0',
  topic: 'TopicX',
  maxNum: '10',
  endTimestamp: '9223372036854775807',
  key: 'tk',
};

it('reads what a Java client sends', () => {
  expect(queryMessageHeader.decode(wire)).toEqual({
    topic: 'TopicX',
    key: 'tk',
    maxNum: 10,
    beginTimestamp: 0,
    endTimestamp: Number.MAX_SAFE_INTEGER,
    indexType: undefined,
    uniqueKeyQuery: 'false',
  });
  expect(queryMessageHeader.decode({ ...wire, indexType: 'T', lastKey: '' }).indexType).toBe('T');
});

it('comes back as it was written', () => {
  const header = queryMessageHeader.decode({ ...wire, endTimestamp: '1700000000000', indexType: 'U' });
  expect(queryMessageHeader.encode(header)).toEqual({ ...wire, endTimestamp: '1700000000000', indexType: 'U' });
  const answer = { indexLastUpdateTimestamp: 1_700_000_000_000, indexLastUpdatePhyoffset: 4711 };
  expect(queryMessageResponseHeader.decode(queryMessageResponseHeader.encode(answer))).toEqual(answer);
});

it('names a field that is missing or no number', () => {
  for (const name of ['topic', 'key', 'maxNum', 'beginTimestamp', 'endTimestamp'] as const) {
    const { [name]: _left, ...rest } = wire;
    expect(() => queryMessageHeader.decode(rest)).toThrow(name);
  }
  expect(() => queryMessageHeader.decode({ ...wire, maxNum: '2147483648' })).toThrow('maxNum');
  expect(() => queryMessageHeader.decode({ ...wire, beginTimestamp: 'x' })).toThrow('beginTimestamp');
});
