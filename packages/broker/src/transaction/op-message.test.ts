import { type MessageExt, SysFlag, SystemTopic } from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import type { HalfMessage } from './half-message.js';
import { opMessage, readOpBody, replacedFlag } from './op-message.js';

const halfAt = (storeHost: string, sysFlag: number) => ({ message: { storeHost, sysFlag } as MessageExt }) as HalfMessage;

describe('op messages', () => {
  it('name one half, with the tag that Java looks for and the address of the broker', () => {
    const op = opMessage(halfAt('127.0.0.1:10911', SysFlag.COMPRESSED), 5, false, 99);
    expect(op).toMatchObject({ topic: SystemTopic.TRANS_OP_HALF, queueId: 0, flag: 0, sysFlag: 0, bornTimestamp: 99 });
    expect(op.body.toString()).toBe('5');
    expect(op.properties.toString()).toBe('TAGS\u0001d\u0002');
    expect(op.bornHost).toEqual(Buffer.from('7f00000100002a9f', 'hex'));
    expect(op.storeHost).toEqual(op.bornHost);
  });

  it('say when they decide nothing, and keep IPv6 addresses', () => {
    const op = opMessage(halfAt('2001:db8::1:10911', SysFlag.STORE_HOST_V6), 5, true, 99);
    expect(op.flag).toBe(replacedFlag);
    expect(op.sysFlag).toBe(SysFlag.BORN_HOST_V6 | SysFlag.STORE_HOST_V6);
    expect(op.bornHost).toHaveLength(20);
  });

  it.each([
    ['5', [5]],
    ['5,6,7,', [5, 6, 7]],
    ['1,0,', [1, 0]],
    ['', []],
    ['x,3,-1,1e3, 4,99999999999999999', [3]],
  ])('are read from "%s"', (body, expected) => {
    expect(readOpBody(Buffer.from(body))).toEqual(expected);
  });
});
