import type { Clock } from '@orbitmq/core/kernel';
import { ResponseCode } from '@orbitmq/protocol';
import type { BrokerConfig } from '../config/broker-config.js';
import type { AppendUnderWay } from '../store/append-under-way.js';
import type { FlowRefusal } from './flow-refusal.js';
import { isStalled } from './store-stall.js';
import { TurnTime } from './turn-time.js';

export interface SendGateDeps {
  readonly clock: Clock;
  readonly config: BrokerConfig;
  /** Too many messages wait for their flush. */
  readonly isFull: () => boolean;
  /** The batch that is being written to the log; undefined when there is none. */
  readonly appendUnderWay: () => AppendUnderWay | undefined;
}

const flowControl = 'system busy, start flow control for a while';
const full: FlowRefusal = {
  code: ResponseCode.SYSTEM_BUSY,
  remark: `[OVERLOAD]${flowControl}: too many messages wait for their flush`,
};
const stalled: FlowRefusal = {
  code: ResponseCode.SYSTEM_BUSY,
  remark: `[REJECTREQUEST]${flowControl}: the disk has not finished a write`,
};

/**
 * Before anything else is looked at of a request that is going to be stored: whether the broker takes any now (Java:
 * SendMessageProcessor.rejectRequest, and the start time before `msgCheck`; page 24 §2 rows 2 and 5, §3 row 1).
 */
export class SendGate {
  readonly #deps: SendGateDeps;
  readonly #time: TurnTime;

  constructor(deps: SendGateDeps) {
    this.#deps = deps;
    this.#time = new TurnTime(deps.clock);
  }

  /** The disk has been at one batch for too long: whoever sends now would wait behind it. */
  get isStoreStalled(): boolean {
    const append = this.#deps.appendUnderWay();
    return append !== undefined && isStalled(append, this.#time.ms, this.#deps.config);
  }

  /** For sends and send-backs; of replies only the copies are held up (Java: ReplyMessageProcessor rejects none). */
  overload(): FlowRefusal | undefined {
    if (this.#deps.isFull()) return full;
    return this.isStoreStalled ? stalled : undefined;
  }

  /** For sends and replies: operators may let a broker that starts catch up before it takes them. */
  tooEarly(): FlowRefusal | undefined {
    const { startAcceptSendRequestTimeStamp } = this.#deps.config;
    if (startAcceptSendRequestTimeStamp === 0 || this.#deps.clock.now() >= startAcceptSendRequestTimeStamp) return undefined;
    const time = localTime(startAcceptSendRequestTimeStamp);
    return { code: ResponseCode.SYSTEM_ERROR, remark: `broker unable to service, until ${time}` };
  }
}

/** `2026-11-21 09:05:07,012`, local time, as Java writes it. */
export function localTime(timeMs: number): string {
  const time = new Date(timeMs);
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  return `${day} ${clock},${String(time.getMilliseconds()).padStart(3, '0')}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
