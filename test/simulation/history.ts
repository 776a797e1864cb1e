import type { TransactionResolution } from '@orbitmq/core';

/** What a handler does with a message, and how a transaction ends: part of the message, so that every process agrees. */
export interface Plan {
  /** How often the handlers of a group that retries fail first; -1: always. */
  readonly failures: number;
  /** What the local transaction says when it is run, and what its check says. */
  readonly execute: TransactionResolution;
  readonly check: TransactionResolution;
}

export type Flow = 'order' | 'entry' | 'reminder' | 'payment';

/** The payload of every message of the simulation. */
export interface Parcel {
  readonly id: string;
  readonly flow: Flow;
  readonly text: string;
  readonly plan: Plan;
}

/**
 * What its sender knows of a message. `acked`: stored durably · `weaker`: stored, durability unknown · `unknown`: nobody
 * knows · `refused`: not stored.
 */
export type SendOutcome = 'acked' | 'weaker' | 'unknown' | 'refused';

export interface Sent {
  readonly parcel: Parcel;
  readonly topic: string;
  readonly tag: string | undefined;
  readonly keys: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  /** Who sent it, and the messages with one key in the order of their sends. */
  readonly shardingKey: string | undefined;
  readonly delayMs: number;
  readonly startedAtMs: number;
  endedAtMs: number | undefined;
  outcome: SendOutcome;
  error: string | undefined;
  /** `topic@broker@queueId@offset`, when it was acknowledged. */
  place: string | undefined;
  messageId: string | undefined;
}

export type DeliveryOutcome = 'acked' | 'failed' | 'aborted';

/** One call of a handler with one message. */
export interface Delivery {
  readonly group: string;
  readonly process: string;
  readonly id: string;
  readonly messageId: string;
  readonly topic: string;
  /** `topic@broker@queueId`; for a retried message that of the retry topic. */
  readonly queue: string;
  readonly queueOffset: number;
  readonly attempt: number;
  readonly startedAtMs: number;
  /** Undefined while it runs, and for ever when its process was killed. */
  endedAtMs: number | undefined;
  /** When its process stood still meanwhile: nobody else can know what it does from here on. */
  pausedAtMs: number | undefined;
  outcome: DeliveryOutcome | undefined;
}

/** All that senders and handlers saw. */
export class History {
  readonly sent = new Map<string, Sent>();
  readonly deliveries: Delivery[] = [];
  /** What must not happen and was noticed on the way. */
  readonly problems: string[] = [];
  /** Monotonic time at which each killed process was killed. */
  readonly killedAtMs = new Map<string, number>();
  /** Monotonic time at which each process began to stop with time enough for its handlers. */
  readonly stoppedAtMs = new Map<string, number>();
  /** The wall clock of a broker was set. */
  hasClockJumps = false;
  readonly #failures = new Map<string, number>();
  readonly #acked = new Set<string>();

  /** How often handlers of the group have failed this message. */
  failureCount(group: string, id: string): number {
    return this.#failures.get(`${group} ${id}`) ?? 0;
  }

  wasAcked(group: string, id: string): boolean {
    return this.#acked.has(`${group} ${id}`);
  }

  /** The process stands still in the middle of these. */
  pause(process: string, nowMs: number): void {
    for (const delivery of this.deliveries) {
      if (delivery.process === process && delivery.endedAtMs === undefined) delivery.pausedAtMs ??= nowMs;
    }
  }

  end(delivery: Delivery, outcome: DeliveryOutcome, nowMs: number): void {
    delivery.endedAtMs = nowMs;
    delivery.outcome = outcome;
    const key = `${delivery.group} ${delivery.id}`;
    if (outcome === 'acked') this.#acked.add(key);
    else this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
  }
}
