/**
 * Intervals, time limits and bounds of a push consumer that no application has to set. The defaults are those of
 * RocketMQ's client (pages 04 §5, 05 §5-6) unless the comment says otherwise; tests and simulations bring their own.
 */
export interface ConsumerTuning {
  /** Pause between two rebalances when nothing asks for one sooner. */
  readonly rebalanceIntervalMs: number;
  /** Pause before the next rebalance when the last one could not take all of its queues (5.x: 1 s; 4.9 waits for the interval). */
  readonly unbalancedRetryMs: number;
  /** First and largest pause between two look-ups of a topic that has no route yet (the instance alone looks every 30 s). */
  readonly routeRetryFirstMs: number;
  readonly routeRetryMaxMs: number;
  /** Changed offsets are committed so often (RocketMQ: with each pull, which here carries none): who takes a queue over begins there. */
  readonly commitIntervalMs: number;
  /** An offset that does not change is told again so often (RocketMQ: 5 s), since a broker may have lost it in a crash. */
  readonly commitAgainMs: number;
  /** How long the broker holds a pull that finds nothing; it answers up to 5 s later. */
  readonly brokerSuspendMs: number;
  /** Has to exceed `brokerSuspendMs` by more than 5 s. */
  readonly pullTimeoutMs: number;
  /** Pause of a queue after a pull that failed. */
  readonly pullRetryMs: number;
  /** The same after an answer FLOW_CONTROL. */
  readonly pullFlowControlRetryMs: number;
  /** Time limit of offset and group requests. */
  readonly requestTimeoutMs: number;
  /** Time limit of one send-back, and of the ordinary send that replaces a failed one. */
  readonly sendBackTimeoutMs: number;
  /** Pause before a message whose send-back failed is tried again in this process. */
  readonly localRetryMs: number;
  /** Delay level of messages that exceeded `consumeTimeoutMs`: 3 = 10 s. */
  readonly timeoutDelayLevel: number;
  readonly lockTimeoutMs: number;
  readonly lockRenewIntervalMs: number;
  /** A lock not renewed for so long is dead for us; the broker keeps it for 60 s. */
  readonly lockLifetimeMs: number;
  /** So long it is tried to give a lock back to a broker that is down: one of ours gives the locks that it finds at its start another minute. */
  readonly owedUnlockMsMax: number;
  /** How often locks are looked after. */
  readonly lockTickMs: number;
  /** How long the handler of a dropped orderly queue may run before its signal is aborted (5.x: unlockDelayTimeMills). The lock is kept until it ends. */
  readonly orderlyReleaseGraceMs: number;
  /** Bounds of `suspendCurrentQueueTimeMs`. */
  readonly suspendMinMs: number;
  readonly suspendMaxMs: number;
  /** How long `stop()` waits for handlers when its caller names no deadline. */
  readonly stopDeadlineMs: number;
  /** How long `stop()` waits for handlers that it has just aborted. */
  readonly stopAbortGraceMs: number;
  /** How long `stop()` waits for a broker that is down to give locks back, within what is left of its deadline. */
  readonly stopUnlockWaitMs: number;
  /** Largest body after decompression; a larger one fails its handler. */
  readonly decompressedBodyBytesMax: number;
  /** Handler calls started in one turn of the event loop, so that a full cache cannot starve the sockets. */
  readonly deliveriesPerTurnMax: number;
  /** Offset requests in flight at once when many queues are started or committed. */
  readonly offsetRequestsInFlightMax: number;
}

export const defaultConsumerTuning: ConsumerTuning = {
  rebalanceIntervalMs: 20_000,
  unbalancedRetryMs: 1000,
  routeRetryFirstMs: 100,
  routeRetryMaxMs: 3000,
  commitIntervalMs: 100,
  commitAgainMs: 5000,
  brokerSuspendMs: 15_000,
  pullTimeoutMs: 30_000,
  pullRetryMs: 3000,
  pullFlowControlRetryMs: 20,
  requestTimeoutMs: 3000,
  sendBackTimeoutMs: 5000,
  localRetryMs: 5000,
  timeoutDelayLevel: 3,
  lockTimeoutMs: 1000,
  lockRenewIntervalMs: 20_000,
  lockLifetimeMs: 30_000,
  owedUnlockMsMax: 300_000,
  lockTickMs: 1000,
  orderlyReleaseGraceMs: 20_000,
  suspendMinMs: 10,
  suspendMaxMs: 30_000,
  stopDeadlineMs: 30_000,
  stopAbortGraceMs: 200,
  stopUnlockWaitMs: 3000,
  decompressedBodyBytesMax: 64 * 1024 * 1024,
  deliveriesPerTurnMax: 256,
  offsetRequestsInFlightMax: 64,
};
