import { ProtocolError } from '@orbitmq/core/kernel';
import { type FrameDecoder, frameMaxLengthBytesDefault } from './frame-decoder.js';
import { JsonScanner } from './json-scanner.js';
import { PartialFrame } from './partial-frame.js';
import { ReceivedCommand } from './received-command.js';
import { type RemotingCommand, SerializeType } from './remoting-command.js';
import { scanBinaryHeader } from './scan-binary-header.js';
import { scanJsonHeader } from './scan-json-header.js';

/** The length word and the word with type and header length. */
const prefixBytes = 8;
const noBytes = Buffer.alloc(0);

class ChunkFrameDecoder implements FrameDecoder {
  readonly #maxFrameBytes: number;
  readonly #maxHeaderBytes: number;
  readonly #scanner = new JsonScanner();
  readonly #partial = new PartialFrame();
  /** Bytes of the frame in `#partial`; 0 while they are unknown. */
  #partialFrameBytes = 0;
  #failure: unknown;

  constructor(maxFrameBytes: number, maxHeaderBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#maxHeaderBytes = maxHeaderBytes;
  }

  get pendingBytes(): number {
    return this.#partial.sizeBytes;
  }

  push(chunk: Buffer, onCommand: (command: RemotingCommand) => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const at = this.#partial.sizeBytes === 0 ? 0 : this.#resume(chunk, onCommand);
      if (at < chunk.length) this.#decode(chunk, at, onCommand);
    } catch (error) {
      this.#failure = error;
      this.#partial.clear();
      throw error;
    } finally {
      // An idle connection must not keep the last chunk alive.
      this.#scanner.open(noBytes, 0, 0);
    }
  }

  /** Completes the frame begun by earlier chunks; returns how many bytes of `chunk` it took. */
  #resume(chunk: Buffer, onCommand: (command: RemotingCommand) => void): number {
    const partial = this.#partial;
    let at = 0;
    if (this.#partialFrameBytes === 0) {
      at = Math.min(prefixBytes - partial.sizeBytes, chunk.length);
      partial.add(chunk.subarray(0, at));
      if (partial.sizeBytes >= 4) this.#checkLengthWord(partial.peek(4), 0);
      if (partial.sizeBytes < prefixBytes) return at;
      this.#partialFrameBytes = this.#frameBytes(partial.peek(prefixBytes), 0);
    }
    const missing = this.#partialFrameBytes - partial.sizeBytes;
    if (chunk.length - at < missing) {
      if (at < chunk.length) partial.add(chunk.subarray(at));
      return chunk.length;
    }
    const frame = partial.complete(chunk.subarray(at, at + missing));
    this.#partialFrameBytes = 0;
    onCommand(this.#command(frame, 0, frame.length));
    return at + missing;
  }

  /** Decodes the frames that lie whole in `chunk` and keeps the rest. */
  #decode(chunk: Buffer, start: number, onCommand: (command: RemotingCommand) => void): void {
    let at = start;
    const end = chunk.length;
    while (end - at >= prefixBytes) {
      const frameBytes = this.#frameBytes(chunk, at);
      if (end - at < frameBytes) {
        this.#partialFrameBytes = frameBytes;
        break;
      }
      const command = this.#command(chunk, at, at + frameBytes);
      at += frameBytes;
      onCommand(command);
    }
    if (at === end) return;
    if (end - at >= 4) this.#checkLengthWord(chunk, at);
    this.#partial.add(at === 0 ? chunk : chunk.subarray(at));
  }

  #checkLengthWord(bytes: Buffer, at: number): number {
    const length = bytes.readInt32BE(at);
    if (length < 4) throw new ProtocolError('FRAME_INVALID', `the frame's length ${length} is impossible`);
    if (length + 4 > this.#maxFrameBytes) {
      throw new ProtocolError('FRAME_TOO_LARGE', `the frame has ${length + 4} bytes, allowed are ${this.#maxFrameBytes}`, {
        details: { sizeBytes: length + 4, maxFrameBytes: this.#maxFrameBytes },
      });
    }
    return length;
  }

  /** The size of the frame whose prefix stands at `at`. */
  #frameBytes(bytes: Buffer, at: number): number {
    const length = this.#checkLengthWord(bytes, at);
    const word = bytes.readUInt32BE(at + 4);
    if (word >>> 24 > SerializeType.ROCKETMQ) {
      throw new ProtocolError('FRAME_INVALID', `the header has the unknown type ${word >>> 24}`);
    }
    const headerBytes = word & 0xffffff;
    if (headerBytes > length - 4) throw new ProtocolError('FRAME_INVALID', 'the header is longer than its frame');
    if (headerBytes > this.#maxHeaderBytes) {
      throw new ProtocolError('FRAME_TOO_LARGE', `the header has ${headerBytes} bytes, allowed are ${this.#maxHeaderBytes}`, {
        details: { sizeBytes: headerBytes, maxHeaderBytes: this.#maxHeaderBytes },
      });
    }
    return length + 4;
  }

  #command(bytes: Buffer, start: number, end: number): RemotingCommand {
    const word = bytes.readUInt32BE(start + 4);
    const headerStart = start + prefixBytes;
    const headerEnd = headerStart + (word & 0xffffff);
    if (word >>> 24 === SerializeType.JSON) {
      const command = new ReceivedCommand(SerializeType.JSON, bytes, headerEnd, end);
      scanJsonHeader(this.#scanner, command, headerStart, headerEnd);
      return command;
    }
    const command = new ReceivedCommand(SerializeType.ROCKETMQ, bytes, headerEnd, end);
    scanBinaryHeader(command, headerStart, headerEnd);
    return command;
  }
}

/**
 * A decoder for one direction of one connection (Java: NettyDecoder). `maxFrameBytes` counts the length word; default
 * `frameMaxLengthBytesDefault`. `maxHeaderBytes`: of the header alone; default: whatever fits the frame. What `onCommand` throws comes
 * out of `push`; the decoder is of no use afterwards.
 */
export function createFrameDecoder(
  options: { readonly maxFrameBytes?: number | undefined; readonly maxHeaderBytes?: number | undefined } = {},
): FrameDecoder {
  const { maxFrameBytes = frameMaxLengthBytesDefault, maxHeaderBytes = maxFrameBytes } = options;
  return new ChunkFrameDecoder(maxFrameBytes, maxHeaderBytes);
}
