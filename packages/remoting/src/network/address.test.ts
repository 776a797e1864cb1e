import { expect, test } from 'vitest';
import { formatAddress, splitAddress } from './address.js';

test.each([
  ['127.0.0.1:10911', '127.0.0.1', 10911],
  ['broker-a:1', 'broker-a', 1],
  ['::1:9876', '::1', 9876],
  ['[fe80::1]:9876', 'fe80::1', 9876],
])('%s is split at the last colon', (address, host, port) => {
  expect(splitAddress(address)).toEqual({ host, port });
});

test.each(['', 'host', 'host:', ':1', 'host:0', 'host:65536', 'host:-1', 'host:1e3', 'host: 1', 'host:123456'])(
  '%j is no address',
  (address) => {
    expect(splitAddress(address)).toBeUndefined();
  },
);

test('an IPv4 address that came over IPv6 reads as IPv4', () => {
  expect(formatAddress('::ffff:10.0.0.7', 80)).toBe('10.0.0.7:80');
  expect(formatAddress('::1', 80)).toBe('::1:80');
});
