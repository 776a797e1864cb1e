import { ProtocolError } from '@orbitmq/core/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFrameDecoder } from './create-frame-decoder.js';
import { createFrameWriter, sliceByReferenceBytesMin } from './create-frame-writer.js';
import {
  createRequest,
  createResponse,
  flagOneway,
  isOneway,
  isResponse,
  type RemotingCommand,
  SerializeType,
} from './remoting-command.js';

function plain(command: RemotingCommand): RemotingCommand {
  const { code, language, version, opaque, flag, remark, serializeType, extFields, body } = command;
  return { code, language, version, opaque, flag, remark, serializeType, extFields: extFields && { ...extFields }, body };
}

function decoded(pieces: readonly Buffer[]): RemotingCommand[] {
  const commands: RemotingCommand[] = [];
  createFrameDecoder().push(Buffer.concat(pieces), (command) => commands.push(plain(command)));
  return commands;
}

const base = createRequest(105, { extFields: { topic: 'TopicT' } });

describe('bytes', () => {
  test('a JSON request, members in the order of the alphabet', () => {
    const writer = createFrameWriter();
    writer.writeCommand({ ...base, opaque: 21 });
    const header =
      '{"code":105,"extFields":{"topic":"TopicT"},"flag":0,"language":"OTHER","opaque":21,"serializeTypeCurrentRPC":"JSON","version":473}';
    const bytes = Buffer.concat(writer.take());
    expect(bytes.subarray(8).toString()).toBe(header);
    expect([bytes.readInt32BE(0), bytes.readInt32BE(4)]).toEqual([4 + header.length, header.length]);
  });

  test('the binary request of page 01 §4', () => {
    const writer = createFrameWriter();
    writer.writeCommand({ ...base, serializeType: SerializeType.ROCKETMQ, opaque: 77, version: 409 });
    expect(Buffer.concat(writer.take()).toString('hex')).toBe(
      '0000002a0100002600690701990000004d0000000000000000000000110005746f70696300000006546f70696354',
    );
  });

  test('the binary answer of page 01 §4', () => {
    const writer = createFrameWriter();
    const request = { ...base, serializeType: SerializeType.ROCKETMQ, opaque: 77 };
    writer.writeCommand({ ...createResponse(request, 0), language: 0, version: 409 });
    expect(Buffer.concat(writer.take()).subarray(8).toString('hex')).toBe('00000001990000004d000000010000000000000000');
  });

  test('a code beyond 16 bits goes as JSON', () => {
    const writer = createFrameWriter();
    writer.writeCommand({ ...base, code: 200050, serializeType: SerializeType.ROCKETMQ });
    expect(decoded(writer.take())[0]).toMatchObject({ code: 200050, serializeType: SerializeType.JSON });
  });
});

describe('round trip', () => {
  const anyText = fc.string({ unit: 'grapheme', maxLength: 40 });
  const anyCommand = fc.record({
    code: fc.integer({ min: -1000, max: 32767 }),
    language: fc.integer({ min: 0, max: 13 }),
    version: fc.integer({ min: 0, max: 32767 }),
    opaque: fc.integer(),
    flag: fc.integer(),
    remark: fc.option(anyText, { nil: undefined }),
    serializeType: fc.constantFrom(SerializeType.JSON, SerializeType.ROCKETMQ),
    extFields: fc.option(fc.dictionary(fc.oneof(anyText, fc.constant('__proto__')), anyText, { maxKeys: 8 }), { nil: undefined }),
    body: fc.option(fc.uint8Array({ maxLength: 5000 }), { nil: undefined }),
  });

  /** What survives: the binary form has no empty texts and no empty table, and no form has an empty body. */
  function normal(command: RemotingCommand): RemotingCommand {
    const isBinary = command.serializeType === SerializeType.ROCKETMQ;
    const entries = Object.entries(command.extFields ?? {}).filter(([name, value]) => !isBinary || (name !== '' && value !== ''));
    const hasFields = command.extFields !== undefined && !(isBinary && Object.keys(command.extFields).length === 0);
    const extFields = hasFields ? Object.fromEntries(entries) : undefined;
    return {
      ...command,
      extFields,
      remark: isBinary && command.remark === '' ? undefined : command.remark,
      body: command.body?.length === 0 ? undefined : command.body,
    };
  }

  test('any command, either serialization, several in one take', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 5 }), (inputs) => {
        const commands = inputs.map((input) => ({ ...input, body: input.body && Buffer.from(input.body) }));
        const writer = createFrameWriter();
        for (const command of commands) writer.writeCommand(command);
        const size = writer.sizeBytes;
        const pieces = writer.take();
        expect(pieces.reduce((sum, piece) => sum + piece.length, 0)).toBe(size);
        expect(writer.sizeBytes).toBe(0);
        expect(decoded(pieces)).toEqual(commands.map(normal));
      }),
      { numRuns: 300 },
    );
  });
});

describe('chunks', () => {
  test('large slices go by reference, small ones are copied, order is kept', () => {
    const writer = createFrameWriter();
    const large = Buffer.alloc(sliceByReferenceBytesMin, 1);
    const small = Buffer.alloc(sliceByReferenceBytesMin - 1, 2);
    for (const slice of [small, large, small, large, large]) writer.appendSlice(slice);
    const pieces = writer.take();
    expect(pieces.filter((piece) => piece === large)).toHaveLength(3);
    expect(pieces).not.toContain(small);
    expect(Buffer.concat(pieces)).toEqual(Buffer.concat([small, large, small, large, large]));
  });

  test('a slice that is a small part of its memory is copied, as far as it is said', () => {
    const writer = createFrameWriter();
    const memory = Buffer.alloc(1024 * 1024);
    const isByReference = (sizeBytes: number): boolean => {
      writer.appendSlice(memory.subarray(0, sizeBytes));
      return writer.take()[0]?.buffer === memory.buffer;
    };
    expect(isByReference(4096)).toBe(true);
    writer.copiedShareMax = 1 / 64;
    expect([isByReference(16_383), isByReference(16_384)]).toEqual([false, true]);
    writer.copiedShareMax = 1 / 8;
    expect([isByReference(131_071), isByReference(131_072)]).toEqual([false, true]);
  });

  test('no more than a mebibyte is copied so', () => {
    const writer = createFrameWriter();
    writer.copiedShareMax = 1;
    const memory = Buffer.alloc(1024 * 1024);
    for (let count = 0; count < 20; count += 1) writer.appendSlice(memory.subarray(0, 128 * 1024));
    expect([writer.sizeBytes, writer.referencedBytes]).toEqual([20 * 128 * 1024, 12 * 128 * 1024]);
    writer.take();
    writer.appendSlice(memory.subarray(0, 128 * 1024));
    expect(writer.referencedBytes).toBe(0);
  });

  test('bytes that were taken are never written again', () => {
    const writer = createFrameWriter();
    const first = (() => {
      writer.writeCommand({ ...base, opaque: 1 });
      return writer.take();
    })();
    const copy = Buffer.concat(first);
    for (let opaque = 2; opaque < 500; opaque++) writer.writeCommand({ ...base, opaque });
    writer.take();
    expect(Buffer.concat(first)).toEqual(copy);
  });

  test('nothing written, nothing taken', () => {
    expect(createFrameWriter().take()).toEqual([]);
  });

  test('many frames in one turn make few pieces', () => {
    const writer = createFrameWriter();
    const write = (): number => {
      for (let opaque = 0; opaque < 2000; opaque++) writer.writeCommand({ ...base, opaque });
      return writer.take().length;
    };
    expect(write()).toBeLessThan(20);
    expect(write()).toBeLessThan(10);
  });
});

describe('loans', () => {
  function loan(): { readonly giveBack: () => void; count: number } {
    const made = { count: 0, giveBack: () => void (made.count += 1) };
    return made;
  }

  test('go back once, when the network has copied what was taken with them', () => {
    const writer = createFrameWriter();
    const [first, second, third] = [loan(), loan(), loan()];
    writer.borrow(first);
    writer.recycle();
    expect(first.count).toBe(0);
    writer.take();
    writer.borrow(second);
    writer.take();
    writer.borrow(third);
    expect([first.count, second.count]).toEqual([0, 0]);
    writer.recycle();
    expect([first.count, second.count, third.count]).toEqual([1, 1, 0]);
    writer.take();
    writer.recycle();
    writer.recycle();
    expect([first.count, second.count, third.count]).toEqual([1, 1, 1]);
  });

  test('are forgotten, not given back, when nobody can say that or they become too many', () => {
    const writer = createFrameWriter();
    const released = loan();
    writer.borrow(released);
    writer.take();
    writer.release();
    const many = Array.from({ length: 65 }, loan);
    for (const one of many) {
      writer.borrow(one);
      writer.take();
    }
    writer.recycle();
    expect([released.count, many.filter(({ count }) => count > 0).length]).toEqual([0, 0]);
    for (const one of many.slice(0, 64)) writer.borrow(one);
    writer.take();
    writer.recycle();
    expect(many.filter(({ count }) => count === 1).length).toBe(64);
  });
});

describe('limits', () => {
  test('a frame larger than allowed is refused and leaves nothing behind', () => {
    const writer = createFrameWriter({ maxFrameBytes: 300 });
    writer.writeCommand(base);
    const size = writer.sizeBytes;
    for (const serializeType of [SerializeType.JSON, SerializeType.ROCKETMQ]) {
      expect(() => writer.writeCommand({ ...base, serializeType, body: Buffer.alloc(300) })).toThrow(ProtocolError);
    }
    expect(() => writer.writeCommand({ ...base, remark: 'x'.repeat(301) })).toThrow(ProtocolError);
    expect(writer.sizeBytes).toBe(size);
    expect(decoded(writer.take())).toHaveLength(1);
  });

  test('the default limit is what Java reads', () => {
    const writer = createFrameWriter();
    expect(() => writer.writeCommand({ ...base, body: Buffer.alloc(16 * 1024 * 1024) })).toThrow(ProtocolError);
    expect(writer.sizeBytes).toBe(0);
  });
});

test('flags tell a request, a one-way request and an answer', () => {
  expect([isOneway(base), isResponse(base)]).toEqual([false, false]);
  expect(isOneway(createRequest(15, {}, true))).toBe(true);
  expect(createRequest(15, {}, true).flag).toBe(flagOneway);
  const response = createResponse({ ...base, opaque: 9 }, 17, { remark: 'none' });
  expect(isResponse(response)).toBe(true);
  expect(response).toMatchObject({ opaque: 9, code: 17, remark: 'none' });
});
