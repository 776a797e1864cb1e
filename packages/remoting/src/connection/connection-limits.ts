/** What one connection may hold and how long it may stay silent; the same for both ends. */
export interface ConnectionLimits {
  /** Largest frame either way, with its length word, bytes. */
  readonly maxFrameBytes: number;
  /** Largest header of a frame that comes in, bytes: it is read in one go, and nobody else is served meanwhile. */
  readonly maxHeaderBytes: number;
  /** Requests of the other end that are being worked on; at the limit reading pauses. Held pulls count. */
  readonly inFlightMax: number;
  /** Bytes of their bodies; at the limit reading pauses. */
  readonly inFlightBytesMax: number;
  /** Requests of this end that wait for an answer. */
  readonly callsMax: number;
  /**
   * While more bytes than this wait to be sent, no further request of the other end is begun. Well above the high-water mark
   * of a stream, whose drain is the signal to go on.
   */
  readonly writeHighWaterBytes: number;
  /** The same while all connections of a server together have too much that waits, for answers that may be put off. */
  readonly crowdedHighWaterBytes: number;
  /** More bytes than this waiting for a reader that does not read: the connection is cut. */
  readonly writeBufferBytesMax: number;
  /** A connection without traffic for this long is closed, milliseconds. */
  readonly idleTimeoutMs: number;
  /** A frame must be complete this long after its first byte, plus the time its bytes take at `frameBytesPerMsMin`. */
  readonly frameTimeoutMs: number;
  /** A call of this age, or several shorter ones, timed out and no byte came meanwhile: the connection counts as dead. Undefined: never. */
  readonly silenceMsMax: number | undefined;
}

/** 16 KiB/s: slower than any link one would run a broker over, faster than what it costs to hold connections open. */
export const frameBytesPerMsMin = 16;

/** RocketMQ's values where it has them: frameMaxLength, serverChannelMaxIdleTimeSeconds; semaphores of 65,535 there. */
export const connectionLimitsDefault: ConnectionLimits = {
  maxFrameBytes: 16 * 1024 * 1024,
  maxHeaderBytes: 16 * 1024 * 1024,
  inFlightMax: 16_384,
  inFlightBytesMax: 64 * 1024 * 1024,
  callsMax: 65_535,
  writeHighWaterBytes: 1024 * 1024,
  crowdedHighWaterBytes: 128 * 1024,
  writeBufferBytesMax: 16 * 1024 * 1024,
  idleTimeoutMs: 120_000,
  frameTimeoutMs: 30_000,
  silenceMsMax: undefined,
};

/** How often idle connections and unfinished frames are looked for, milliseconds. */
export const sweepPeriodMs = 1000;
