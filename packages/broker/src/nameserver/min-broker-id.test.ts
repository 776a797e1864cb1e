import { expect, test } from 'vitest';
import { noticeOf } from './min-broker-id.js';

const two = new Map([
  [1, 's1:1'],
  [0, 'm:1'],
]);

test.each([
  ['one that came alone is told itself', new Map([[2, 's2:1']]), undefined, ['s2:1'], 2],
  ['one that came to others: the others', two, undefined, ['s1:1'], 0],
  [
    'one that went: all that are left',
    new Map([
      [1, 's1:1'],
      [2, 's2:1'],
    ]),
    'm:1',
    ['s1:1', 's2:1'],
    1,
  ],
])('%s', (_name, brokerAddrs, offlineBrokerAddr, addresses, minBrokerId) => {
  const notice = noticeOf({ brokerName: 'a', brokerAddrs, offlineBrokerAddr, haBrokerAddr: 'm:2' });
  expect(notice.addresses).toEqual(addresses);
  expect(notice.header).toEqual({
    brokerName: 'a',
    minBrokerId,
    minBrokerAddr: brokerAddrs.get(minBrokerId),
    offlineBrokerAddr,
    haBrokerAddr: 'm:2',
  });
});
