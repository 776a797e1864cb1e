import { parseMqUrl } from '@orbitmq/core';
import { expect, test } from 'vitest';
import { embeddedStoreOf } from './embedded-url.js';

test.each([
  ['embedded:', { kind: 'memory' }],
  ['embedded: ', { kind: 'memory' }],
  ['embedded:./data', { kind: 'directory', path: '/srv/shop/data' }],
  ['embedded:data/mq', { kind: 'directory', path: '/srv/shop/data/mq' }],
  ['embedded:../data', { kind: 'directory', path: '/srv/data' }],
  ['embedded:/var/lib/mq', { kind: 'directory', path: '/var/lib/mq' }],
  ['embedded:///var/lib/mq', { kind: 'directory', path: '/var/lib/mq' }],
])('%s', (url, expected) => {
  expect(embeddedStoreOf(parseMqUrl(url), '/srv/shop')).toEqual(expected);
});

test.each(['embedded:~', 'embedded:~/mq'])('%s makes no directory of that name', (url) => {
  expect(() => embeddedStoreOf(parseMqUrl(url), '/srv/shop')).toThrow(
    expect.objectContaining({ code: 'URL_INVALID', message: expect.stringContaining('give the whole path') }),
  );
});
