import { silentLogger } from '@orbitmq/core/kernel';
import { createRequest } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import type { ByteStream, ByteStreamHandlers } from '../byte-stream.js';
import { connectionLimitsDefault } from './connection-limits.js';
import { FrameChannel } from './frame-channel.js';
import type { Flushable, TurnFlusher } from './turn-flusher.js';
import { UnreadBytes } from './unread-bytes.js';

/** A stream that says how much is unsent, and records what was written. */
class RecordingStream implements ByteStream {
  readonly remoteAddress = '127.0.0.1:1';
  readonly localAddress = '127.0.0.1:2';
  readonly writes: number[] = [];
  readonly chunks: Buffer[] = [];
  pendingWriteBytes = 0;
  copiesWrites = false;
  onDrain = (): void => {};
  onClose = (): void => {};

  attach(handlers: ByteStreamHandlers): void {
    this.onDrain = () => handlers.onDrain();
    this.onClose = () => handlers.onClose(undefined);
  }

  write(chunks: readonly Buffer[]): boolean {
    this.chunks.push(...chunks);
    this.writes.push(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    return true;
  }

  pause(): void {}

  resume(): void {}

  end(): void {}

  destroy(): void {}
}

function channelOn(stream: ByteStream) {
  const dirty: Flushable[] = [];
  const flusher = { add: (item: Flushable) => dirty.push(item) } as unknown as TurnFlusher;
  const events = { onCommand: () => {}, onWritable: () => {}, onClose: () => {} };
  const unread = new UnreadBytes(100_000);
  const channel = new FrameChannel(stream, { limits: connectionLimitsDefault, flusher, logger: silentLogger, unread }, events);
  return { unread, channel, endTurn: () => dirty.splice(0).forEach((item) => item.flush()) };
}

function collect(channel: FrameChannel, bodyBytes: number): void {
  channel.writer.writeCommand(createRequest(1, { body: Buffer.alloc(bodyBytes) }));
  channel.markDirty();
}

test('output of a turn leaves with one write at its end', () => {
  const stream = new RecordingStream();
  const { channel, endTurn } = channelOn(stream);
  for (let count = 0; count < 20; count += 1) collect(channel, 1000);
  expect(stream.writes).toEqual([]);
  endTurn();
  expect(stream.writes).toHaveLength(1);
  endTurn();
  expect(stream.writes).toHaveLength(1);
});

test('plenty of output leaves at once, so that the other end need not wait for the turn to end', () => {
  const stream = new RecordingStream();
  const { channel, endTurn } = channelOn(stream);
  collect(channel, 31 * 1024);
  expect(stream.writes).toEqual([]);
  collect(channel, 1024);
  expect(stream.writes).toHaveLength(1);
  expect(channel.flushCount).toBe(1);
  collect(channel, 10);
  endTurn();
  expect(stream.writes).toHaveLength(2);
});

test('but not behind what the network has not taken yet', () => {
  const stream = new RecordingStream();
  stream.pendingWriteBytes = 1;
  const { channel, endTurn } = channelOn(stream);
  for (let count = 0; count < 3; count += 1) collect(channel, 32 * 1024);
  expect(stream.writes).toEqual([]);
  endTurn();
  expect(stream.writes).toHaveLength(1);
});

test.each([
  { copiesWrites: true, pendingWriteBytes: 0, isReused: true },
  { copiesWrites: true, pendingWriteBytes: 1, isReused: false },
  { copiesWrites: false, pendingWriteBytes: 0, isReused: false },
])(
  'memory of a write is used again only when the network has copied it all: %o',
  ({ copiesWrites, pendingWriteBytes, isReused }) => {
    const stream = new RecordingStream();
    Object.assign(stream, { copiesWrites, pendingWriteBytes });
    const { channel, endTurn } = channelOn(stream);
    for (let turn = 0; turn < 3; turn += 1) {
      collect(channel, 1000);
      endTurn();
    }
    const [before, last] = stream.chunks.slice(-2);
    expect(last?.buffer === before?.buffer && last?.byteOffset === before?.byteOffset).toBe(isReused);
  },
);

test('lent memory goes back when the network has copied the last byte: with the write, or when it has drained', () => {
  const stream = new RecordingStream();
  stream.copiesWrites = true;
  const { channel, endTurn } = channelOn(stream);
  channel.attach();
  let givenBack = 0;
  const write = (): void => {
    collect(channel, 1000);
    channel.writer.borrow({ giveBack: () => void (givenBack += 1) });
    endTurn();
  };
  write();
  expect(givenBack).toBe(1);
  stream.pendingWriteBytes = 10;
  write();
  write();
  stream.onDrain();
  expect(givenBack).toBe(1);
  stream.pendingWriteBytes = 0;
  stream.onDrain();
  expect(givenBack).toBe(3);
});

test('and never over a stream that passes memory on', () => {
  const stream = new RecordingStream();
  const { channel, endTurn } = channelOn(stream);
  channel.attach();
  collect(channel, 1000);
  channel.writer.borrow({ giveBack: () => expect.unreachable() });
  endTurn();
  stream.onDrain();
  expect(stream.writes).toHaveLength(1);
});

test.each([
  { copiesWrites: true, pendingWriteBytes: 128 * 1024, copiedShareMax: 1 / 64 },
  { copiesWrites: true, pendingWriteBytes: 128 * 1024 + 1, copiedShareMax: 1 / 8 },
  { copiesWrites: false, pendingWriteBytes: 128 * 1024 + 1, copiedShareMax: 0 },
])('what may wait in a socket keeps little memory alive: %o', ({ copiesWrites, pendingWriteBytes, copiedShareMax }) => {
  const stream = new RecordingStream();
  Object.assign(stream, { copiesWrites, pendingWriteBytes });
  const { channel, endTurn } = channelOn(stream);
  channel.attach();
  collect(channel, 10);
  endTurn();
  expect(channel.writer.copiedShareMax).toBe(copiedShareMax);
  stream.pendingWriteBytes = 0;
  stream.onDrain();
  expect(channel.writer.copiedShareMax).toBe(copiesWrites ? 1 / 64 : 0);
});

test('what is not read counts among that of all connections, until it is read or the connection is gone', () => {
  const stream = new RecordingStream();
  const { channel, endTurn, unread } = channelOn(stream);
  channel.attach();
  const write = (pendingWriteBytes: number): boolean => {
    stream.pendingWriteBytes = pendingWriteBytes;
    collect(channel, 10);
    endTurn();
    return unread.isTooMuch;
  };
  unread.change(0, 50_000);
  expect([write(50_000), write(50_001)]).toEqual([false, true]);
  stream.pendingWriteBytes = 0;
  stream.onDrain();
  expect(unread.isTooMuch).toBe(false);
  expect(write(50_001)).toBe(true);
  // A little may be read without a drain.
  stream.pendingWriteBytes = 0;
  channel.measure();
  expect(unread.isTooMuch).toBe(false);
  expect(write(50_001)).toBe(true);
  stream.onClose();
  channel.measure();
  expect(unread.isTooMuch).toBe(false);
});
