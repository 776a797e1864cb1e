import type { Clock, Random } from '@orbitmq/core/kernel';
import { encodeRecallHandle } from '@orbitmq/protocol';
import type { BrokerConfig } from '../config/broker-config.js';
import { handleTimestamp } from './recall-rule.js';
import { type CongestionRules, refusalOfTick, type TimerPut, type TimerRefusal, timerPut } from './timer-put-rule.js';
import { usablePrecisionMs } from './timer-time.js';
import type { WheelLoad } from './timer-wheel.js';

export interface TimerDoorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly config: BrokerConfig;
  /** What waits in a tick. */
  readonly loadOf: (tickMs: number) => WheelLoad;
}

const chanceParts = 1_000_000;

/** What those who put messages ask about the timer, under the configuration of now. */
export class TimerDoor {
  readonly #deps: TimerDoorDeps;
  /** For the life of the broker, as its wheel. */
  readonly precisionMs: number;

  constructor(deps: TimerDoorDeps) {
    this.#deps = deps;
    this.precisionMs = usablePrecisionMs(deps.config.timerPrecisionMs);
  }

  /** What becomes of a message with these properties. */
  ask(properties: Readonly<Record<string, string>>): TimerPut {
    const { clock, config } = this.#deps;
    return timerPut(properties, clock.now(), {
      isEnabled: config.timerWheelEnable,
      precisionMs: this.precisionMs,
      maxDelayMs: config.timerMaxDelaySec * 1000,
      ...this.#congestion(),
    });
  }

  /** Why no further cancellation may wait in a tick; undefined when one may. */
  refuseCancellation(outMs: number): TimerRefusal | undefined {
    return refusalOfTick(outMs, true, this.#congestion());
  }

  #congestion(): CongestionRules {
    const { random, config, loadOf } = this.#deps;
    const congestCountPerSlot = config.timerCongestNumEachSlot;
    return { congestCountPerSlot, loadOf, chance: () => random.int(chanceParts) / chanceParts };
  }

  /** Undefined while messages cannot be taken back (`recallMessageEnable`). */
  recallHandle(topic: string, uniqueKey: string, outMs: number): string | undefined {
    const { brokerName, recallMessageEnable } = this.#deps.config;
    if (!recallMessageEnable) return undefined;
    return encodeRecallHandle({ topic, brokerName, timestamp: handleTimestamp(outMs), uniqueKey });
  }
}
