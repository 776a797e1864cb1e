import type { Environment, Lifecycle } from '@orbitmq/core/kernel';
import { createMessageIdGenerator, PropertyName, RequestCode } from '@orbitmq/protocol';
import type { RequestProcessor } from '@orbitmq/remoting';
import type { ConsumerManager } from './client/consumer-manager.js';
import type { ProducerManager } from './client/producer-manager.js';
import type { BrokerConfig } from './config/broker-config.js';
import type { FlowRefusal } from './flow-control/flow-refusal.js';
import { SendGate } from './flow-control/send-gate.js';
import { refusalOfWaiting } from './flow-control/waiting-rule.js';
import type { SubscriptionGroupManager } from './group/subscription-group-manager.js';
import { IdempotencyWindow } from './idempotency/idempotency-window.js';
import { PullHoldService } from './long-polling/pull-hold-service.js';
import { defaultMessageLimits, type MessageLimits } from './message-limits.js';
import { ClientOffsets } from './offset/client-offsets.js';
import type { ConsumerOffsetManager } from './offset/consumer-offset-manager.js';
import type { RebalanceLockManager } from './order/rebalance-lock-manager.js';
import type { RuntimeGauges } from './processors/admin/broker/runtime-info-processor.js';
import { ConsumerSendBackProcessor } from './processors/message/consumer-send-back-processor.js';
import { EndTransactionProcessor } from './processors/message/end-transaction-processor.js';
import { InFlightGauge } from './processors/message/in-flight-gauge.js';
import { MessageHosts } from './processors/message/message-hosts.js';
import { PullMessageProcessor } from './processors/message/pull-message-processor.js';
import { QueryMessageProcessor } from './processors/message/query-message-processor.js';
import { RepeatedSends } from './processors/message/repeated-sends.js';
import { ReplyMessageProcessor } from './processors/message/reply-message-processor.js';
import { ResumeCheckProcessor } from './processors/message/resume-check-processor.js';
import { SendMessageProcessor } from './processors/message/send-message-processor.js';
import { ViewMessageProcessor } from './processors/message/view-message-processor.js';
import { createTimerProcessors } from './processors/timer/create-timer-processors.js';
import { ReplyRelay } from './reply/reply-relay.js';
import { countDelivery } from './schedule/count-delivery.js';
import { parseDelayLevels } from './schedule/delay-levels.js';
import { ScheduleService } from './schedule/schedule-service.js';
import { createTagsCodeOf } from './schedule/tags-code-of.js';
import type { BrokerStats } from './stats/broker-stats.js';
import type { StoreStats } from './stats/store-stats.js';
import type { TransactionCounters } from './stats/transaction-counters.js';
import type { AppendUnderWay } from './store/append-under-way.js';
import type { FileSystem } from './store/io/file-system.js';
import type { LogBytes } from './store/log-bytes.js';
import type { MessageStore } from './store/message-store.js';
import type { DiskPercents } from './store/retention/disk-guard.js';
import type { TagsCodeOf } from './store/tags-code-of.js';
import { countTimedDelivery } from './timer/count-timed-delivery.js';
import { createTimer } from './timer/create-timer.js';
import type { TimerGauges } from './timer/timer-service.js';
import type { TopicConfigManager } from './topic/topic-config-manager.js';
import { TransactionCheckService } from './transaction/transaction-check-service.js';
import { TransactionLog } from './transaction/transaction-log.js';

const unknownUsage = (): DiskPercents => ({ commitLog: -1, consumeQueue: -1 });

/** What the message part of a broker is built on. Nothing else is needed. */
export interface MessageServicesDeps {
  readonly environment: Environment;
  readonly config: BrokerConfig;
  /** Built with `createTagsCodeOf(config)`; started before the services. */
  readonly store: MessageStore;
  readonly topics: TopicConfigManager;
  readonly groups: SubscriptionGroupManager;
  readonly offsets: ConsumerOffsetManager;
  readonly consumers: ConsumerManager;
  readonly producers: ProducerManager;
  readonly locks: RebalanceLockManager;
  readonly fileSystem: FileSystem;
  /** `ip:port` that message ids name, asked at the first message: the port may be known only when the server is bound. */
  readonly address: () => string;
  readonly limits?: Partial<MessageLimits> | undefined;
  /** The log of `store`. */
  readonly log: LogBytes;
  readonly stats: BrokerStats;
  readonly transactions: TransactionCounters;
  readonly storeStats: StoreStats;
  /** Absent: not known. */
  readonly diskUsage?: (() => DiskPercents) | undefined;
  /** Absent: never stalled. */
  readonly appendUnderWay?: (() => AppendUnderWay | undefined) | undefined;
}

interface ProcessorRegistration {
  readonly codes: readonly number[];
  readonly processor: RequestProcessor;
}

export interface MessageServices {
  readonly processors: readonly ProcessorRegistration[];
  /** To be started in this order, when the store and the managers are loaded, before requests come; stopped the other way round. */
  readonly services: readonly Lifecycle[];
  /** To be started after the server and stopped before it: they answer requests that it would wait for. */
  readonly frontServices: readonly Lifecycle[];
  readonly tagsCodeOf: TagsCodeOf;
  readonly gauges: RuntimeGauges;
  /** What the timer tells of itself; undefined without timed messages. */
  readonly timer: () => TimerGauges | undefined;
  /** Whether a request that waits for its turn has waited too long. */
  refuseWaiting(code: number, waitedMs: number, waitingCount: number): FlowRefusal | undefined;
  /** `delayOffset.json` of now. */
  delayOffsets(): string;
  /** Answers the parked pulls of a group in a queue. */
  wakeReaders(group: string, topic: string, queueId: number): void;
}

/** Wires the message part of a broker: what is sent, pulled, sent back, delayed and decided (the house of pages 03, 04, 06, 07, 25). */
export function createMessageServices(deps: MessageServicesDeps): MessageServices {
  const { environment, config, store, topics, groups, offsets, locks } = deps;
  const { clock, random, logger, timers } = environment;
  const limits: MessageLimits = { ...defaultMessageLimits, ...deps.limits };
  const levels = parseDelayLevels(config.messageDelayLevel);
  const hosts = new MessageHosts(deps.address);
  const inFlight = new InFlightGauge(config.sendThreadPoolQueueCapacity);
  const gate = new SendGate({
    clock,
    config,
    isFull: () => inFlight.isFull,
    appendUnderWay: deps.appendUnderWay ?? (() => undefined),
  });
  const answers = {
    hosts,
    inFlight,
    regionId: config.regionId,
    traceOn: config.traceOn,
    failures: deps.storeStats,
    diskUsage: deps.diskUsage ?? unknownUsage,
  };

  const log = new TransactionLog({
    clock,
    logger,
    store,
    offsets,
    settleMs: Math.max(config.flushCommitLogThoroughInterval, config.syncFlushTimeout),
    halfWindowMax: limits.halfWindowMax,
    checkedHalfMax: limits.checkedHalfMax,
    onFoundOpen: (topic) => deps.transactions.opened(topic),
    onDecided: ({ destination, origin, properties }, isCommitted) => {
      deps.transactions.closed(destination.topic);
      const key = properties[PropertyName.IDEMPOTENCY_KEY];
      if (key !== undefined) idempotency.halfDecided(destination.topic, key, origin, isCommitted);
    },
  });
  const idempotency = new IdempotencyWindow({
    clock,
    timers,
    logger,
    fileSystem: deps.fileSystem,
    config,
    store,
    log: deps.log,
    isHalfDecided: (origin) => log.isDecided({ origin }),
  });
  const holds = new PullHoldService({
    environment,
    store,
    longPollingEnable: config.longPollingEnable,
    perConnectionMax: limits.pullHoldPerConnectionMax,
    max: limits.pullHoldMax,
    filterCharsMax: limits.pullHoldFilterCharsMax,
  });
  const schedule = new ScheduleService({
    environment,
    config,
    store,
    topics,
    fileSystem: deps.fileSystem,
    levels,
    batchMax: limits.deliveryBatchMax,
    batchBytesMax: limits.deliveryBatchBytesMax,
    onDelivered: countDelivery(deps.stats),
  });
  const checks = new TransactionCheckService({
    environment,
    config,
    topics,
    log,
    pickProducer: (group) => deps.producers.pickChannel(group),
    pageBytesMax: limits.checkPageBytesMax,
    queuedBytesMax: limits.checkQueuedBytesMax,
  });

  const timer = createTimer({
    environment,
    config,
    store,
    topics,
    fileSystem: deps.fileSystem,
    batchMax: limits.deliveryBatchMax,
    batchBytesMax: limits.deliveryBatchBytesMax,
    onDelivered: countTimedDelivery(deps.stats),
  });

  const send = new SendMessageProcessor({
    timer: timer.door,
    random,
    gate,
    config,
    store,
    topics,
    groups,
    locks,
    levels,
    answers,
    stats: deps.stats,
    transactions: deps.transactions,
    batchCountMax: limits.batchCountMax,
    nextUniqueKey: uniqueKeys(environment, hosts),
    canTakeHalf: () => log.canTakeHalf,
    idempotency,
    repeats: new RepeatedSends({
      timers,
      store,
      topics,
      window: idempotency,
      timer: timer.door,
      answers,
      syncFlushTimeoutMs: config.syncFlushTimeout,
    }),
  });
  const pull = new PullMessageProcessor({
    environment,
    config,
    store,
    topics,
    groups,
    offsets: new ClientOffsets(offsets),
    consumers: deps.consumers,
    holds,
    stats: deps.stats,
    reads: deps.storeStats,
  });
  const sendBack = new ConsumerSendBackProcessor({
    random,
    gate,
    timers,
    config,
    store,
    topics,
    groups,
    levels,
    hosts,
    inFlight,
    stats: deps.stats,
  });
  const endTransaction = new EndTransactionProcessor({
    clock,
    logger,
    config,
    store,
    log,
    levels,
    inFlight,
    transactions: deps.transactions,
  });

  const relay = new ReplyRelay({
    producers: deps.producers,
    logger,
    inFlightMax: config.replyThreadPoolQueueCapacity,
    bytesMax: limits.replyBytesMax,
    queuedBytesMax: limits.replyQueuedBytesMax,
  });
  const reply = new ReplyMessageProcessor({
    levels,
    timer: timer.door,
    clock,
    gate,
    random,
    config,
    store,
    topics,
    stats: deps.stats,
    answers,
    relay,
    address: deps.address,
  });
  const query = new QueryMessageProcessor({ config, store, queryInFlightMax: limits.queryInFlightMax });

  return {
    processors: [
      { codes: [RequestCode.SEND_MESSAGE, RequestCode.SEND_MESSAGE_V2, RequestCode.SEND_BATCH_MESSAGE], processor: send },
      { codes: [RequestCode.SEND_REPLY_MESSAGE, RequestCode.SEND_REPLY_MESSAGE_V2], processor: reply },
      { codes: [RequestCode.PULL_MESSAGE, RequestCode.LITE_PULL_MESSAGE], processor: pull },
      { codes: [RequestCode.CONSUMER_SEND_MSG_BACK], processor: sendBack },
      { codes: [RequestCode.END_TRANSACTION], processor: endTransaction },
      { codes: [RequestCode.RESUME_CHECK_HALF_MESSAGE], processor: new ResumeCheckProcessor({ store, log, inFlight }) },
      { codes: [RequestCode.QUERY_MESSAGE], processor: query },
      ...createTimerProcessors({ environment, config, store, topics, hosts, inFlight, timer }),
      { codes: [RequestCode.VIEW_MESSAGE_BY_ID], processor: new ViewMessageProcessor(store) },
    ],
    // The checks know which halves are decided; the keys ask them.
    services: [checks, idempotency, schedule, ...(timer.service === undefined ? [] : [timer.service])],
    frontServices: [holds],
    delayOffsets: () => schedule.describe(),
    wakeReaders: (group, topic, queueId) => holds.wakeGroup(group, topic, queueId),
    timer: () => timer.service,
    tagsCodeOf: createTagsCodeOf(config),
    refuseWaiting: (code, waitedMs, waitingCount) =>
      refusalOfWaiting({ code, waitedMs, waitingCount, isStoreStalled: gate.isStoreStalled }, config),
    gauges: {
      sendsInFlight: () => inFlight.count,
      repliesInFlight: () => relay.inFlightCount,
      queriesInFlight: () => query.inFlight,
      queryInFlightMax: limits.queryInFlightMax,
      pullHoldMax: limits.pullHoldMax,
      delayOffsets: () => schedule.offsets,
      timer: () => timer.status,
    },
  };
}

/** Keys for messages that came without one; a random number stands for the process, so that a simulation replays. */
function uniqueKeys(environment: Environment, hosts: MessageHosts): () => string {
  const { clock, random } = environment;
  let next: (() => string) | undefined;
  return () => {
    if (next === undefined) {
      const host = hosts.storeHost;
      const generator = createMessageIdGenerator({
        ip: host.subarray(0, host.length - 4),
        processId: random.int(0x1_0000),
        clock,
        random,
      });
      next = () => generator.next();
    }
    return next();
  };
}
