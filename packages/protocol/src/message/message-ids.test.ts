import { type Random, ValidationError } from '@orbitmq/core/kernel';
import { describe, expect, test } from 'vitest';
import { encodeHost } from './host.js';
import { createMessageIdGenerator } from './message-id-generator.js';
import { decodeOffsetMessageId, encodeOffsetMessageId } from './offset-message-id.js';

describe('offset message ids', () => {
  test.each([
    ['127.0.0.1:10911', 0, '7F00000100002A9F0000000000000000'],
    ['10.0.0.11:10911', 1000, '0A00000B00002A9F00000000000003E8'],
    ['10.0.0.11:10911', 2 ** 53 - 1, '0A00000B00002A9F001FFFFFFFFFFFFF'],
    ['10.0.0.11:10911', 0x1_8000_0001, '0A00000B00002A9F0000000180000001'],
    ['::1:1', 5, `${'0'.repeat(31)}1000000010000000000000005`],
  ])('%s at %d', (address, physicalOffset, id) => {
    expect(encodeOffsetMessageId(encodeHost(address), physicalOffset)).toBe(id);
    expect(decodeOffsetMessageId(id)).toEqual({ address, physicalOffset });
    expect(decodeOffsetMessageId(id.toLowerCase())).toEqual({ address, physicalOffset });
  });

  test.each([
    '',
    'xyz',
    'C0000202200C5FFD2B2766DC8168000',
    'G'.repeat(32),
    '0'.repeat(34),
    `0A00000B00002A9F${'F'.repeat(16)}0`,
    '0A00000B00002A9F0020000000000000',
  ])('refuses %j', (id) => {
    expect(() => decodeOffsetMessageId(id)).toThrow(ValidationError);
  });
});

function generatorAt(start: number, ip = Buffer.from([192, 0, 2, 2])) {
  let now = start;
  const random: Random = {
    next: () => 0,
    int: () => 0xfffe,
    bytes: () => new Uint8Array([0x5f, 0xfd, 0x2b, 0x27]),
    uuid: () => '',
  };
  const clock = { now: () => now, monotonic: () => 0 };
  const generator = createMessageIdGenerator({ ip, processId: 0x1200c, clock, random });
  return { generator, setNow: (value: number) => (now = value) };
}

describe('client message ids', () => {
  /** A local time: the time part counts from the local start of the month. */
  const monthStart = new Date(2026, 10, 1).getTime();

  test('have the layout of page 03 §5', () => {
    const { generator } = generatorAt(monthStart + 0x66dc8168);
    expect(generator.next()).toBe('C0000202200C5FFD2B2766DC8168FFFF');
    expect(generator.next()).toBe('C0000202200C5FFD2B2766DC81680000');
    expect(generatorAt(monthStart, Buffer.alloc(16)).generator.next()).toHaveLength(56);
  });

  test('never repeat, also when the clock stands still or goes back', () => {
    const { generator, setNow } = generatorAt(monthStart + 5000);
    const ids = new Set<string>();
    for (let count = 0; count < 70_000; count++) ids.add(generator.next());
    setNow(monthStart + 4000);
    for (let count = 0; count < 70_000; count++) ids.add(generator.next());
    expect(ids.size).toBe(140_000);
  });

  test('start over with the month', () => {
    const { generator, setNow } = generatorAt(monthStart + 5000);
    setNow(new Date(2026, 11, 1).getTime() + 3);
    expect(generator.next().slice(20, 28)).toBe('00000003');
  });
});
