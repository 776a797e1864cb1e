import { parseMqUrl } from '@orbitmq/core';
import { describe, expect, test } from 'vitest';
import { parseRocketmqUrl } from './rocketmq-url.js';

const parse = (url: string): ReturnType<typeof parseRocketmqUrl> => parseRocketmqUrl(parseMqUrl(url));

describe('rocketmq: URLs', () => {
  test.each([
    ['rocketmq://host:9876;host2:9877', ['host:9876', 'host2:9877']],
    ['rocketmq://host,host2', ['host:9876', 'host2:9876']],
    ['rocketmq:host', ['host:9876']],
    ['rocketmq://10.0.0.1:1;', ['10.0.0.1:1']],
    ['rocketmq://a:1; a:1 ,b:2/', ['a:1', 'b:2']],
    ['rocketmq://[::1]:9877;[fe80::1]', ['::1:9877', 'fe80::1:9876']],
  ])('%s', (url, namesrvAddr) => {
    expect(parse(url)).toEqual({ namesrvAddr, durability: undefined });
  });

  test('durability is a parameter', () => {
    expect(parse('rocketmq://a?durability=disk').durability).toBe('disk');
  });

  test.each([
    ['rocketmq://', /names no NameServer/],
    ['rocketmq://;', /names no NameServer/],
    ['rocketmq://a:0', /1 to 65535/],
    ['rocketmq://a:65536', /1 to 65535/],
    ['rocketmq://a:', /1 to 65535/],
    ['rocketmq://a:123456', /1 to 65535/],
    ['rocketmq://a:x', /no NameServer address/],
    ['rocketmq://a:1:2', /no NameServer address/],
    ['rocketmq://[::1', /no NameServer address/],
    ['rocketmq://user:secret@a:1', /no user name/],
    ['rocketmq://a:1/topic', /no path/],
    ['rocketmq://a?x=1', /no parameter 'x'/],
    ['rocketmq://a?durability=memory', /durability=memory is none of/],
  ])('%s is refused', (url, reason) => {
    expect(() => parse(url)).toThrow(expect.objectContaining({ code: 'URL_INVALID', message: expect.stringMatching(reason) }));
  });

  test('no error repeats a password', () => {
    expect(() => parse('rocketmq://user:secret@a:1')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    );
  });
});
