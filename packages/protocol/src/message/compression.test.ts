import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { compressZlib, decompressBody } from './compression.js';
import { SysFlag } from './sys-flag.js';

const body = Buffer.from('hello '.repeat(1000));
const zlib = SysFlag.COMPRESSED | SysFlag.COMPRESSION_ZLIB;

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toMatchObject({ name: 'ProtocolError' });
    return (error as { code: string }).code;
  }
  return 'none';
}

test('level 5 as Java writes it, either mark of zlib read', () => {
  const compressed = compressZlib(body);
  expect(compressed.subarray(0, 2).toString('hex')).toBe('785e');
  for (const sysFlag of [zlib, SysFlag.COMPRESSED]) expect(decompressBody(compressed, sysFlag, body.length)).toEqual(body);
  expect(decompressBody(compressed, 0, 1)).toBe(compressed);
});

test('the limit is exact', () => {
  const compressed = compressZlib(body);
  expect(refusal(() => decompressBody(compressed, zlib, body.length - 1))).toBe('BODY_INVALID');
  expect(refusal(() => decompressBody(compressed, zlib, 0))).toBe('BODY_INVALID');
});

test('a bomb is not inflated', () => {
  const bomb = deflateSync(Buffer.alloc(256 * 1024 * 1024), { level: 9 });
  const before = process.memoryUsage().arrayBuffers;
  expect(refusal(() => decompressBody(bomb, zlib, 4 * 1024 * 1024))).toBe('BODY_INVALID');
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
});

test('damaged and cut streams', () => {
  const compressed = compressZlib(body);
  for (let length = 0; length < compressed.length; length++) {
    expect(refusal(() => decompressBody(compressed.subarray(0, length), zlib, body.length))).toBe('BODY_INVALID');
  }
  expect(refusal(() => decompressBody(Buffer.from('plain'), zlib, 100))).toBe('BODY_INVALID');
});

test.each([SysFlag.COMPRESSION_LZ4, SysFlag.COMPRESSION_ZSTD, 0x400, 0x700])('type %i is unsupported', (type) => {
  expect(refusal(() => decompressBody(body, SysFlag.COMPRESSED | type, 100))).toBe('COMPRESSION_UNSUPPORTED');
});
