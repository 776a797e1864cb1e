import { expect, test } from 'vitest';
import { systemEnvironment } from '../kernel/system.js';
import { FakeTransport } from '../test-support/fake-transport.js';
import { parseMqUrl } from './mq-url.js';
import { createTransport } from './transport-scheme.js';

test.each([
  ['embedded:', 'embedded', ''],
  ['embedded:./data', 'embedded', './data'],
  ['embedded:///var/lib/mq', 'embedded', '/var/lib/mq'],
  ['RocketMQ://a:9876;b:9876', 'rocketmq', 'a:9876;b:9876'],
])('%s', (text, scheme, address) => {
  expect(parseMqUrl(text)).toEqual({ scheme, address, parameters: new Map() });
});

test('parameters follow a question mark', () => {
  const { address, parameters } = parseMqUrl('embedded:./a%20b?flushDiskType=ASYNC_FLUSH&x=1%202');
  expect(address).toBe('./a%20b');
  expect([...parameters]).toEqual([
    ['flushDiskType', 'ASYNC_FLUSH'],
    ['x', '1 2'],
  ]);
});

test.each(['', 'localhost', '://x', 'embedded:?a=1&a=2'])('%j is refused', (text) => {
  expect(() => parseMqUrl(text)).toThrow(expect.objectContaining({ code: 'URL_INVALID' }));
});

test('the scheme makes the transport; an unknown one lists the known ones', () => {
  const environment = systemEnvironment();
  const transport = new FakeTransport();
  const schemes = [{ scheme: 'fake', create: () => transport }];
  expect(createTransport('fake:', schemes, environment)).toBe(transport);
  expect(() => createTransport('amqp://x', schemes, environment)).toThrow(
    expect.objectContaining({ code: 'URL_SCHEME_UNKNOWN', message: "No transport for 'amqp:'; known: fake:" }),
  );
});
