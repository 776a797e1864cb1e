import { ProtocolError, ValidationError } from '@orbitmq/core/kernel';
import { describe, expect, test } from 'vitest';
import { decodeHost, encodeHost } from './host.js';

describe('hosts', () => {
  test.each([
    ['10.0.0.11:10911', '0a00000b00002a9f', '10.0.0.11:10911'],
    ['255.255.255.255:65535', 'ffffffff0000ffff', '255.255.255.255:65535'],
    ['::ffff:127.0.0.1:80', '7f00000100000050', '127.0.0.1:80'],
    ['[::1]:10911', '0000000000000000000000000000000100002a9f', '::1:10911'],
    ['::1:10911', '0000000000000000000000000000000100002a9f', '::1:10911'],
    ['fe80::1%eth0:1', 'fe8000000000000000000000000000010000' + '0001', 'fe80::1:1'],
    ['2001:db8:0:1:0:0:0:1:9', '20010db8000000010000000000000001' + '00000009', '2001:db8:0:1::1:9'],
    ['[::]:0', '00'.repeat(20), ':::0'],
    ['1:2:3:4:5:6:7:8:9', '00010002000300040005000600070008' + '00000009', '1:2:3:4:5:6:7:8:9'],
  ])('%s', (text, hex, canonical) => {
    expect(encodeHost(text).toString('hex')).toBe(hex);
    expect(decodeHost(encodeHost(text))).toBe(canonical);
    expect(encodeHost(canonical).toString('hex')).toBe(hex);
  });

  test.each([
    '',
    'localhost:1',
    '1.2.3:4',
    '1.2.3.256:4',
    '1.2.3.4',
    '1.2.3.4:65536',
    '1.2.3.4:-1',
    '1.2.3.4:',
    '1::2::3:4',
    '12345::1:2',
    ':::1:2',
    '1:2:3:4:5:6:7:8:9:10',
    'x'.repeat(10_000),
  ])('refuses %j', (text) => {
    expect(() => encodeHost(text)).toThrow(ValidationError);
  });

  test('only 8 and 20 bytes are a host', () => {
    for (const length of [0, 4, 7, 9, 16, 21]) expect(() => decodeHost(Buffer.alloc(length))).toThrow(ProtocolError);
  });
});
