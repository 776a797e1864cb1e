/**
 * Brokers that failed a moment ago, so that the next send prefers another one (Java: LatencyFaultTolerance behind
 * sendLatencyFaultEnable, which is off there by default and also weighs latencies; here only a failure of the network counts:
 * no connection, a lost one, no answer in time). A penalty is a preference and no verdict: a topic with no other broker is
 * sent to it all the same. When it is over, one send tries the broker while the others wait for what becomes of it; the first
 * success lifts the penalty.
 */
import type { Clock } from '@orbitmq/core/kernel';

export interface BrokerPenaltiesOptions {
  readonly clock: Clock;
  /** How long a broker is avoided after a failure, milliseconds. */
  readonly brokerPenaltyMs: number;
  /** Brokers remembered; past it the oldest is forgotten, which costs one more failed attempt. */
  readonly brokersMax: number;
}

export class BrokerPenalties {
  readonly #options: BrokerPenaltiesOptions;
  /** Broker name → monotonic end of its penalty; in order of the failures. */
  readonly #untilMs = new Map<string, number>();

  constructor(options: BrokerPenaltiesOptions) {
    this.#options = options;
  }

  /** Nothing is avoided: the everyday case, which costs a send nothing more than this. */
  get isEmpty(): boolean {
    return this.#untilMs.size === 0;
  }

  /** The broker did not answer. */
  punish(brokerName: string): void {
    this.#untilMs.delete(brokerName);
    if (this.#untilMs.size >= this.#options.brokersMax) this.#forgetOldest();
    this.#untilMs.set(brokerName, this.#options.clock.monotonic() + this.#options.brokerPenaltyMs);
  }

  /** The broker has answered. */
  lift(brokerName: string): void {
    if (this.#untilMs.size > 0) this.#untilMs.delete(brokerName);
  }

  isAvoided(brokerName: string): boolean {
    const untilMs = this.#untilMs.get(brokerName);
    return untilMs !== undefined && untilMs > this.#options.clock.monotonic();
  }

  /** A send goes to the broker: if its penalty is over, the others go on avoiding it until this one has an answer. */
  begin(brokerName: string): void {
    if (this.#untilMs.has(brokerName) && !this.isAvoided(brokerName)) this.punish(brokerName);
  }

  #forgetOldest(): void {
    for (const brokerName of this.#untilMs.keys()) {
      this.#untilMs.delete(brokerName);
      return;
    }
  }
}
