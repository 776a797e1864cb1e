import { expect, test } from 'vitest';
import { ipAddress } from './config-rules.js';

test.each([
  '127.0.0.1',
  '0.0.0.0',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1%eth0',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7::',
  '2001:DB8::ff00:42:8329',
])('%s is an address', (text) => {
  expect(ipAddress.parse(text)).toBe(text);
});

test.each([
  '',
  'localhost',
  '1.2.3',
  '1.2.3.256',
  '1.2.3.4.5',
  '01.2.3.4',
  ':',
  ':::',
  ':::::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  ':1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7:',
  '12345::',
  'g::',
  '::1%',
  '::1 ',
])('"%s" is none', (text) => {
  expect(ipAddress.parse(text)).toBeUndefined();
});
