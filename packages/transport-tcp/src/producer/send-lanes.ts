import type { Clock, Timers } from '@orbitmq/core/kernel';

/** What passes through a lane. */
export interface LaneEntry {
  readonly deadlineMs: number;
  readonly isSettled: boolean;
  /** The broker in whose lane it holds a place; belongs to `SendLanes`. */
  laneName: string | undefined;
}

export interface SendLanesOptions<Entry extends LaneEntry> {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Requests without an answer at one broker; further sends wait here. */
  readonly inFlightPerBrokerMax: number;
  /** It is the operation's turn. */
  readonly onTurn: (operation: Entry) => void;
  /** The operation's time is over before its turn came. */
  readonly onExpired: (operation: Entry) => void;
}

/** The sends of one producer to one broker. */
class SendLane<Entry extends LaneEntry> {
  readonly brokerName: string;
  inFlightCount = 0;
  waiting: Entry[] = [];
  /** Those before it had their turn. */
  head = 0;
  /** Turns are being given: an operation that fails in its own turn leaves that to the loop, however many do. */
  isAdvancing = false;

  constructor(brokerName: string) {
    this.brokerName = brokerName;
  }
}

const sweepPeriodMs = 100;
/** Turns taken before the front of the array is dropped. */
const compactAtCount = 1024;

/**
 * One lane per broker: so many requests wait for answers, the others wait for their turn, in order. A burst of sends then
 * fills our memory (the pipeline bounds that) and not the broker's queue, where RocketMQ refuses what waits too long; and a
 * broker that hangs holds up only what waits in its own lane.
 */
export class SendLanes<Entry extends LaneEntry> {
  readonly #options: SendLanesOptions<Entry>;
  readonly #lanes = new Map<string, SendLane<Entry>>();
  #isSweepDue = false;

  constructor(options: SendLanesOptions<Entry>) {
    this.#options = options;
  }

  hasRoom(brokerName: string): boolean {
    const lane = this.#lanes.get(brokerName);
    return lane === undefined || this.#isOpen(lane);
  }

  /** Gives the operation its turn at the broker, now or later. */
  enter(operation: Entry, brokerName: string): void {
    const lane = this.#laneOf(brokerName);
    if (this.#isOpen(lane)) {
      this.#begin(operation, lane);
      return;
    }
    lane.waiting.push(operation);
    this.#sweepLater();
  }

  /** The broker has answered, or never will: the next one's turn. Idempotent. */
  leave(operation: Entry): void {
    const lane = operation.laneName === undefined ? undefined : this.#lanes.get(operation.laneName);
    if (lane === undefined) return;
    operation.laneName = undefined;
    lane.inFlightCount--;
    if (!lane.isAdvancing && lane.head < lane.waiting.length) this.#advance(lane);
  }

  #advance(lane: SendLane<Entry>): void {
    lane.isAdvancing = true;
    while (lane.head < lane.waiting.length && lane.inFlightCount < this.#options.inFlightPerBrokerMax) {
      const next = lane.waiting[lane.head++];
      if (next !== undefined && !next.isSettled) this.#begin(next, lane);
    }
    lane.isAdvancing = false;
    if (lane.head === lane.waiting.length || lane.head >= compactAtCount) {
      lane.waiting = lane.waiting.slice(lane.head);
      lane.head = 0;
    }
  }

  #begin(operation: Entry, lane: SendLane<Entry>): void {
    lane.inFlightCount++;
    operation.laneName = lane.brokerName;
    this.#options.onTurn(operation);
  }

  #isOpen(lane: SendLane<Entry>): boolean {
    return lane.inFlightCount < this.#options.inFlightPerBrokerMax && lane.head === lane.waiting.length;
  }

  #laneOf(brokerName: string): SendLane<Entry> {
    const known = this.#lanes.get(brokerName);
    if (known !== undefined) return known;
    const lane = new SendLane<Entry>(brokerName);
    this.#lanes.set(brokerName, lane);
    return lane;
  }

  #sweepLater(): void {
    if (this.#isSweepDue) return;
    this.#isSweepDue = true;
    this.#options.timers.setTimeout(this.#sweep, sweepPeriodMs);
  }

  /** Ends the waits that are too long, and forgets what was given up meanwhile. */
  readonly #sweep = (): void => {
    this.#isSweepDue = false;
    const nowMs = this.#options.clock.monotonic();
    let isAnyWaiting = false;
    for (const lane of this.#lanes.values()) {
      const expired = lane.waiting.slice(lane.head).filter((operation) => !operation.isSettled && operation.deadlineMs <= nowMs);
      for (const operation of expired) this.#options.onExpired(operation);
      lane.waiting = lane.waiting.slice(lane.head).filter((operation) => !operation.isSettled);
      lane.head = 0;
      isAnyWaiting ||= lane.waiting.length > 0;
    }
    if (isAnyWaiting) this.#sweepLater();
  };
}
