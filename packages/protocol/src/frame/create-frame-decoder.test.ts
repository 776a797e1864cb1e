import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ProtocolError } from '@orbitmq/core/kernel';
import { describe, expect, test } from 'vitest';
import { createFrameDecoder } from './create-frame-decoder.js';
import { createFrameWriter } from './create-frame-writer.js';
import { extFieldsMax } from './field-spans.js';
import { createRequest, type RemotingCommand, SerializeType } from './remoting-command.js';

function frame(type: number, header: string | Uint8Array, body = Buffer.alloc(0)): Buffer {
  const headerBytes = typeof header === 'string' ? Buffer.from(header) : Buffer.from(header);
  const prefix = Buffer.alloc(8);
  prefix.writeInt32BE(4 + headerBytes.length + body.length, 0);
  prefix.writeUInt32BE(type * 0x1000000 + headerBytes.length, 4);
  return Buffer.concat([prefix, headerBytes, body]);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
}

interface Seen {
  readonly code: number;
  readonly opaque: number;
  readonly serializeType: number;
  readonly remark: string | undefined;
  readonly extFields: Record<string, string> | undefined;
  readonly body: string | undefined;
}

function seen(command: RemotingCommand): Seen {
  const { code, opaque, serializeType, remark, extFields, body } = command;
  return { code, opaque, serializeType, remark, extFields: extFields && { ...extFields }, body: body?.toString('latin1') };
}

function decode(chunks: readonly Buffer[]): Seen[] {
  const decoder = createFrameDecoder();
  const commands: RemotingCommand[] = [];
  for (const chunk of chunks) decoder.push(chunk, (command) => commands.push(command));
  expect(decoder.pendingBytes).toBe(0);
  return commands.map(seen);
}

function failure(chunks: readonly Buffer[], maxFrameBytes?: number, maxHeaderBytes?: number): string | undefined {
  const decoder = createFrameDecoder({ maxFrameBytes, maxHeaderBytes });
  const push = (chunk: Buffer): void => decoder.push(chunk, () => {});
  for (const [index, chunk] of chunks.entries()) {
    try {
      push(chunk);
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
      expect(decoder.pendingBytes).toBe(0);
      // A decoder that has failed stays failed.
      expect(() => push(frame(0, '{}'))).toThrow(error as Error);
      expect(index).toBe(chunks.length - 1);
      return (error as ProtocolError).code;
    }
  }
  return undefined;
}

/** GET_ROUTEINFO_BY_TOPIC of page 01 §4. */
const binaryExample = Buffer.from(
  '0000002a010000260069070199' + '0000004d' + '00000000' + '00000000' + '00000011' + '0005746f706963' + '00000006546f70696354',
  'hex',
);
const jsonExample = frame(
  0,
  '{"code":310,"extFields":{"a":"PG_A","i":"x\\u0001y"},"flag":0,"language":"JAVA","opaque":6,"version":409}',
  Buffer.from('hello'),
);
const jsonSeen: Seen = {
  code: 310,
  opaque: 6,
  serializeType: 0,
  remark: undefined,
  extFields: { a: 'PG_A', i: 'x\u0001y' },
  body: 'hello',
};
const binarySeen: Seen = {
  code: 105,
  opaque: 77,
  serializeType: 1,
  remark: undefined,
  extFields: { topic: 'TopicT' },
  body: undefined,
};

describe('frames', () => {
  test('the binary example of page 01', () => {
    expect(decode([binaryExample])).toEqual([binarySeen]);
    const decoder = createFrameDecoder();
    decoder.push(binaryExample, (command) => expect(command).toMatchObject({ language: 7, version: 409, flag: 0 }));
  });

  test('several in one chunk, in order', () => {
    expect(decode([Buffer.concat([jsonExample, binaryExample, jsonExample])])).toEqual([jsonSeen, binarySeen, jsonSeen]);
  });

  test('cut in two at every byte', () => {
    const stream = Buffer.concat([jsonExample, binaryExample, jsonExample]);
    for (let at = 0; at <= stream.length; at++) {
      expect(decode([stream.subarray(0, at), stream.subarray(at)])).toEqual([jsonSeen, binarySeen, jsonSeen]);
    }
  });

  test('byte by byte, and in odd pieces', () => {
    const stream = Buffer.concat([binaryExample, jsonExample, binaryExample]);
    for (const size of [1, 3, 7]) {
      const pieces: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size) pieces.push(stream.subarray(at, at + size));
      expect(decode(pieces)).toEqual([binarySeen, jsonSeen, binarySeen]);
    }
  });

  test('a body of no bytes reads as none; a whole one is a view of the chunk', () => {
    expect(decode([frame(0, '{"code":1}')])[0]?.body).toBeUndefined();
    createFrameDecoder().push(jsonExample, (command) => expect(command.body?.buffer).toBe(jsonExample.buffer));
  });

  test('a large frame that comes in pieces of all sizes', () => {
    const body = Buffer.alloc(300_000, 'abcdefg');
    const stream = Buffer.concat([frame(0, '{"code":5}', body), jsonExample]);
    const pieces: Buffer[] = [];
    for (let at = 0, size = 1; at < stream.length; at += size, size = (size * 7 + 3) % 20_011) {
      pieces.push(stream.subarray(at, at + size));
    }
    const [large, small] = decode(pieces);
    expect(large).toMatchObject({ code: 5, body: body.toString('latin1') });
    expect(small).toEqual(jsonSeen);
  });

  test('what the receiver throws comes out', () => {
    const decoder = createFrameDecoder();
    const push = (): void =>
      decoder.push(jsonExample, () => {
        throw new Error('receiver');
      });
    expect(push).toThrow('receiver');
  });
});

describe('what is refused', () => {
  test.each([
    ['a length below the header word', words(3, 0), 'FRAME_INVALID'],
    ['a negative length', words(0x80000000, 0), 'FRAME_INVALID'],
    ['a length beyond the limit', words(16 * 1024 * 1024 - 3, 0), 'FRAME_TOO_LARGE'],
    ['the largest length', words(0x7fffffff, 0), 'FRAME_TOO_LARGE'],
    ['TLS or HTTP', Buffer.from('GET / HTTP/1.1\r\n'), 'FRAME_TOO_LARGE'],
    ['an unknown header type', words(4, 0x02000000), 'FRAME_INVALID'],
    ['a header longer than the frame', words(10, 7), 'FRAME_INVALID'],
    ['an empty JSON header', words(4, 0), 'HEADER_INVALID'],
    ['an empty binary header', words(4, 0x01000000), 'HEADER_INVALID'],
  ])('%s', (_name, bytes, code) => {
    expect(failure([bytes])).toBe(code);
    // Refused as soon as the bytes that tell it are there, whatever the pieces.
    const prefix = bytes.subarray(0, 8);
    if (code !== 'HEADER_INVALID') {
      const needed = failure([prefix.subarray(0, 4)]) === undefined ? 8 : 4;
      const pieces = Array.from({ length: needed }, (_, index) => prefix.subarray(index, index + 1));
      expect(failure(pieces)).toBe(code);
    }
  });

  test('the limit counts the length word and may be set', () => {
    const allowed = frame(0, '{}', Buffer.alloc(90));
    expect(allowed.length).toBe(100);
    expect(failure([allowed], 100)).toBeUndefined();
    expect(failure([allowed], 99)).toBe('FRAME_TOO_LARGE');
  });

  test('a header has a limit of its own, told by its first 8 bytes', () => {
    const allowed = frame(0, '{"code":1}', Buffer.alloc(90));
    expect(failure([allowed], undefined, 10)).toBeUndefined();
    expect(failure([allowed], undefined, 9)).toBe('FRAME_TOO_LARGE');
    expect(failure([allowed.subarray(0, 7), allowed.subarray(7, 8)], undefined, 9)).toBe('FRAME_TOO_LARGE');
    expect(failure([frame(1, binaryExample.subarray(8))], undefined, 37)).toBe('FRAME_TOO_LARGE');
  });

  test('a header has as many fields as it may, and not one more, in both forms', () => {
    const jsonOf = (count: number): Buffer => {
      const fields = Array.from({ length: count }, (_, n) => `"f${n}":"v"`).join(',');
      return frame(0, `{"code":310,"extFields":{${fields}},"flag":0,"language":"JAVA","opaque":1,"version":400}`);
    };
    const binaryOf = (count: number): Buffer => {
      const writer = createFrameWriter();
      const extFields = Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, 'v']));
      writer.writeCommand({ ...createRequest(310, { extFields }), opaque: 1, serializeType: SerializeType.ROCKETMQ });
      return Buffer.concat(writer.take());
    };
    const emptyOf = (count: number): Buffer => {
      const fields = Array.from({ length: count }, (_, n) => `"f${n}":null`).join(',');
      return frame(0, `{"code":310,"extFields":{${fields}},"flag":0,"language":"JAVA","opaque":1,"version":400}`);
    };
    expect(decode([emptyOf(extFieldsMax)])).toHaveLength(1);
    expect(() => decode([emptyOf(extFieldsMax + 1)])).toThrow('the header has more than 4096 fields');
    for (const frameOf of [jsonOf, binaryOf]) {
      expect(Object.keys(decode([frameOf(extFieldsMax)])[0]?.extFields ?? {})).toHaveLength(extFieldsMax);
      expect(() => decode([frameOf(extFieldsMax + 1)])).toThrow('the header has more than 4096 fields');
    }
  });

  test('a binary header cut at any byte', () => {
    const header = binaryExample.subarray(8);
    for (let length = 0; length < header.length; length++) {
      expect(failure([frame(1, header.subarray(0, length), header.subarray(length))])).toBe('HEADER_INVALID');
    }
  });

  test('hostile lengths inside a binary header', () => {
    for (let at = 13; at < binaryExample.length - 8; at++) {
      for (const byte of [0x7f, 0x80, 0xff]) {
        const bytes = Buffer.from(binaryExample);
        bytes[8 + at] = byte;
        expect(['HEADER_INVALID', undefined]).toContain(failure([bytes]));
      }
    }
  });

  test('frames before the bad one are handed out', () => {
    const codes: number[] = [];
    const decoder = createFrameDecoder();
    const push = (): void => decoder.push(Buffer.concat([jsonExample, words(1, 1)]), (command) => codes.push(command.code));
    expect(push).toThrow(ProtocolError);
    expect(codes).toEqual([310]);
  });
});

describe('memory', () => {
  test('an announced length costs nothing before its bytes come', () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 200 }, () => {
      const decoder = createFrameDecoder();
      decoder.push(words(16 * 1024 * 1024 - 4, 20), () => {});
      return decoder;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
    expect(decoders[0]?.pendingBytes).toBe(8);
  });

  test('a peer that dribbles costs about the bytes it sent', () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const usedBytes = (): number => {
      collectGarbage();
      const { arrayBuffers, heapUsed } = process.memoryUsage();
      return arrayBuffers + heapUsed;
    };
    const decoder = createFrameDecoder();
    decoder.push(words(16 * 1024 * 1024 - 4, 20), () => {});
    const before = usedBytes();
    const chunk = Buffer.alloc(8, 0x20);
    const sent = 300_000;
    for (let count = 0; count < sent; count++) decoder.push(chunk.subarray(count % 8, (count % 8) + 1), () => {});
    expect(usedBytes() - before).toBeLessThan(10 * sent);
    expect(decoder.pendingBytes).toBe(sent + 8);
  });
});
