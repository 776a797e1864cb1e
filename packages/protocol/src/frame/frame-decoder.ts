import type { RemotingCommand } from './remoting-command.js';

/** Default maximum of a frame with its length word (RocketMQ: com.rocketmq.remoting.frameMaxLength). */
export const frameMaxLengthBytesDefault = 16 * 1024 * 1024;

/**
 * Cuts a byte stream into frames. One per connection and direction. Throws a `ProtocolError` (`FRAME_INVALID`,
 * `FRAME_TOO_LARGE`, `HEADER_INVALID`) after which the connection has to be closed; never holds more than one frame.
 */
export interface FrameDecoder {
  /** Decodes what `chunk` completes and hands out each command in order. `chunk` stays unchanged from now on. */
  push(chunk: Buffer, onCommand: (command: RemotingCommand) => void): void;
  /** Bytes of an unfinished frame. */
  readonly pendingBytes: number;
}
