import type { Call } from './call.js';
import { type ConnectionLimits, frameBytesPerMsMin, sweepPeriodMs } from './connection-limits.js';
import type { FrameChannel } from './frame-channel.js';

/** This many calls without a byte in between say that the other end is gone. */
const silentTimeoutCountMax = 3;

/** Why a connection has to go. */
export type Verdict = 'idle' | 'frame-stuck';

/**
 * Judges whether a connection is still of use, from what its channel counts. The channel only sets a flag and adds to
 * counters; the clock is read here, once a second, and not for each chunk.
 */
export class Liveness {
  readonly #channel: FrameChannel;
  readonly #limits: ConnectionLimits;
  #idleSinceMs: number;
  #frameSinceMs: number;
  #decodedCount = 0;
  #silentAtReceive = -1;
  #silentTimeoutCount = 0;

  constructor(channel: FrameChannel, limits: ConnectionLimits, nowMs: number) {
    this.#channel = channel;
    this.#limits = limits;
    this.#idleSinceMs = nowMs;
    this.#frameSinceMs = nowMs;
  }

  /** Every `sweepPeriodMs`. `isWaiting`: a call of ours waits for its answer, and has a deadline of its own. */
  judge(nowMs: number, isWaiting: boolean): Verdict | undefined {
    if (this.#channel.isActive || isWaiting) {
      this.#channel.isActive = false;
      this.#idleSinceMs = nowMs;
    } else if (nowMs - this.#idleSinceMs >= this.#limits.idleTimeoutMs) {
      return 'idle';
    }
    return this.#isFrameStuck(nowMs) ? 'frame-stuck' : undefined;
  }

  /** A call timed out: true when there is reason to believe that the other end is gone without a word. */
  isSilent(call: Call): boolean {
    const { silenceMsMax } = this.#limits;
    const { receiveCount } = this.#channel;
    if (silenceMsMax === undefined || receiveCount !== call.encodedAtReceive) return false;
    if (this.#silentAtReceive !== receiveCount) {
      this.#silentAtReceive = receiveCount;
      this.#silentTimeoutCount = 0;
    }
    this.#silentTimeoutCount += 1;
    return call.timeoutMs >= silenceMsMax || this.#silentTimeoutCount >= silentTimeoutCountMax;
  }

  #isFrameStuck(nowMs: number): boolean {
    const { partialFrameBytes, isPaused, decodedCount } = this.#channel;
    if (partialFrameBytes === 0 || isPaused || decodedCount !== this.#decodedCount) {
      this.#decodedCount = decodedCount;
      this.#frameSinceMs = nowMs;
      return false;
    }
    // The frame may be as old as one period more than was seen of it.
    const ageMs = nowMs - this.#frameSinceMs + sweepPeriodMs;
    return ageMs > this.#limits.frameTimeoutMs + partialFrameBytes / frameBytesPerMsMin;
  }
}
