/**
 * Every promise OrbitMQ makes, as data. A test names the promises it shows with `verifies('…')`; `requirements.test.ts` fails
 * when a promise has no test or a test names a promise that is not here. `knownGaps` lists promises without a test; it only shrinks.
 */
export interface Requirement {
  readonly id: string;
  readonly text: string;
  /** Where it comes from: a RocketMQ mechanism, or a property of the product. */
  readonly source: string;
  /** The transports it holds for. */
  readonly transports: readonly ('embedded' | 'rocketmq')[];
}

const both = ['embedded', 'rocketmq'] as const;

export const requirements = [
  // sending
  {
    id: 'send-modes',
    text: 'A message sent synchronously, asynchronously, one-way or in a batch arrives with body, tag, keys and properties unchanged.',
    source: 'RocketMQ: DefaultMQProducer',
    transports: both,
  },
  {
    id: 'send-order',
    text: 'Two sends of one producer to one queue, the second begun after the first was acknowledged, keep their order.',
    source: 'RocketMQ: queue order',
    transports: both,
  },
  {
    id: 'send-weaker',
    text: 'A send that was stored with less than the configured durability is never a plain success.',
    source: 'RocketMQ: SendStatus',
    transports: ['rocketmq'],
  },
  {
    id: 'send-unknown',
    text: 'A send whose answer never came is reported as unknown, with the message id, never as failed.',
    source: 'product',
    transports: ['rocketmq'],
  },
  {
    id: 'send-sharding',
    text: 'Messages with one sharding key go to one queue, the queue the official clients choose.',
    source: 'RocketMQ: SelectMessageQueueByHash',
    transports: both,
  },
  {
    id: 'idempotent-send',
    text: 'Sends with one idempotencyKey to one topic store one message inside the window, and all of them resolve with its place, also after a kill of the broker, a cut connection or a restart.',
    source: 'product',
    transports: both,
  },
  // consuming
  {
    id: 'tag-filter',
    text: 'A consumer with a tag expression gets exactly the messages with one of these tags, also when hashes collide.',
    source: 'RocketMQ: tag filter',
    transports: both,
  },
  {
    id: 'sql-filter',
    text: 'A consumer with a SQL92 expression gets exactly the messages of which the expression is true, as from Apache 5.5.0.',
    source: 'RocketMQ: MessageSelector.bySql',
    transports: ['rocketmq'],
  },
  {
    id: 'rebalance',
    text: 'Consumers of a group share the queues; when one comes or goes the others take over and nothing is lost.',
    source: 'RocketMQ: AllocateMessageQueueAveragely',
    transports: both,
  },
  {
    id: 'orderly',
    text: 'An orderly consumer runs one handler at a time per queue, in order, over rebalances.',
    source: 'RocketMQ: MessageListenerOrderly',
    transports: both,
  },
  {
    id: 'orderly-blocks',
    text: 'A failing message blocks its queue in an orderly group until it succeeds or its tries are used up.',
    source: 'RocketMQ: SUSPEND_CURRENT_QUEUE_A_MOMENT',
    transports: both,
  },
  {
    id: 'retry',
    text: 'A message whose handler fails comes again after a delay with the same id and a growing count.',
    source: 'RocketMQ: %RETRY%',
    transports: both,
  },
  {
    id: 'dead-letter',
    text: 'A message that fails more often than maxReconsumeTimes is in the dead-letter topic, once.',
    source: 'RocketMQ: %DLQ%',
    transports: both,
  },
  {
    id: 'offsets-durable',
    text: 'What a group acknowledged does not come again after a clean restart of consumer and broker.',
    source: 'RocketMQ: consumer offsets',
    transports: both,
  },
  {
    id: 'graceful-stop',
    text: 'stop() lets running handlers finish, commits their offsets, and neither loses nor repeats a message.',
    source: 'product',
    transports: both,
  },
  // delay and transactions
  {
    id: 'delay-level',
    text: 'A delayed message comes never early, and one second late at most.',
    source: 'RocketMQ: delay levels',
    transports: both,
  },
  {
    id: 'timed-message',
    text: 'A message that is timed for a moment of its own comes never early and two seconds late at most, whatever restarts, kills and changes of the clock lie between; none is lost, and only what was delivered in the last second before a kill, or of the second that it cut short, comes twice.',
    source: 'RocketMQ 5: timer wheel',
    transports: both,
  },
  {
    id: 'timed-recall',
    text: 'A timed message that was taken back before its second is never delivered.',
    source: 'RocketMQ 5: RECALL_MESSAGE',
    transports: both,
  },
  {
    id: 'transaction-outcome',
    text: 'A committed message is delivered once, a rolled back or undecided one never.',
    source: 'RocketMQ: transactional messages',
    transports: both,
  },
  {
    id: 'transaction-check',
    text: 'An undecided transaction is asked about, and any instance of the producer group can answer.',
    source: 'RocketMQ: check-back',
    transports: both,
  },
  {
    id: 'transaction-once',
    text: 'The first decision on a transaction wins; a repeated commit stores nothing.',
    source: 'product (RocketMQ stores twice)',
    transports: ['embedded'],
  },
  // durability
  {
    id: 'durable-kill',
    text: 'No acknowledged message is lost, invented or reordered when the broker is killed at any moment.',
    source: 'product: SYNC_FLUSH',
    transports: ['embedded'],
  },
  {
    id: 'visible-durable',
    text: 'No consumer sees a message before it has the configured durability.',
    source: 'product (rocketmq#8239)',
    transports: ['embedded'],
  },
  {
    id: 'offset-behind-copy',
    text: 'A committed offset that survives a power cut never passes a message whose retry copy or dead letter did not survive.',
    source: 'product',
    transports: ['embedded'],
  },
  {
    id: 'damage-found',
    text: 'Damage in any part of a stored message that was flushed is found before the message is delivered, and a repair keeps all other messages and their offsets.',
    source: 'product (promises R4)',
    transports: ['embedded'],
  },
  {
    id: 'flush-switch',
    text: 'flushDiskType changed while the broker runs: every acknowledgement has at least the durability that was configured when its message was sent.',
    source: 'RocketMQ: updateBrokerConfig',
    transports: ['embedded'],
  },
  {
    id: 'offset-identity',
    text: 'A queue offset names one message for ever: queues have no gap, and no offset is used twice, over restarts.',
    source: 'product',
    transports: ['embedded'],
  },
  {
    id: 'fail-stop',
    text: 'After a failed write or flush the broker acknowledges nothing more and ends.',
    source: 'product (fsyncgate)',
    transports: ['embedded'],
  },
  {
    id: 'full-disk',
    text: 'A full disk refuses sends, serves reads and heartbeats, and takes sends again without a restart when there is room; nothing acknowledged is lost, nothing refused is stored, no offset is skipped or given twice.',
    source: 'RocketMQ: disk full flag; promises R1, R3',
    transports: ['embedded'],
  },
  {
    id: 'retention',
    text: 'Expired log files go at their hour and by the level of the disk, with what was derived from them; consumers behind are moved, and no offset is given twice.',
    source: 'RocketMQ: CleanCommitLogService, CleanConsumeQueueService',
    transports: ['embedded'],
  },
  {
    id: 'store-lock',
    text: 'One store directory is open in one broker at a time; the second one is told what to do.',
    source: 'RocketMQ: lock file',
    transports: ['embedded'],
  },
  {
    id: 'query-by-key',
    text: 'A message is found by each of its keys and its unique id, with the official clients as with Apache’s broker; an index written by either broker is continued by the other.',
    source: 'RocketMQ: IndexFile, QUERY_MESSAGE',
    transports: ['rocketmq'],
  },
  {
    id: 'index-derived',
    text: 'Whatever a crash, damage or another broker left of the index, it ends as the log says, entry by entry, and a query never gives a message that does not have the key.',
    source: 'promises I15',
    transports: both,
  },
  {
    id: 'store-handover',
    text: 'A store directory goes from Apache RocketMQ 4.9.7 or 5.5.0 to ours and back, stopped in order or killed: the next broker shows every message at its offset and takes up what was delayed, retried and undecided.',
    source: 'Apache RocketMQ',
    transports: ['embedded'],
  },
  {
    id: 'store-variants',
    text: 'A store of a kind that is not read here is refused at start, with its place and the way out, and left as it is.',
    source: 'Apache RocketMQ: RocksDB, BatchCQ, compaction, timer wheel, tiered store, DLedger',
    transports: ['embedded'],
  },
  {
    id: 'restart',
    text: 'An application that starts again on the same directory finds everything unacknowledged and nothing acknowledged.',
    source: 'product',
    transports: ['embedded'],
  },
  // wire
  {
    id: 'java-clients',
    text: 'The official Java clients 4.9.7 and 5.5.0 work against our NameServer and broker.',
    source: 'Apache RocketMQ',
    transports: ['rocketmq'],
  },
  {
    id: 'request-reply',
    text: 'Official clients of both versions ask and answer each other over our broker with the verdicts of Apache’s: answered, timed out, requester gone.',
    source: 'RocketMQ: SEND_REPLY_MESSAGE, PUSH_REPLY_MESSAGE_TO_CLIENT',
    transports: ['rocketmq'],
  },
  {
    id: 'cluster-goes-on',
    text: 'Of three brokers and two NameServers one each is killed under load: producers and consumers of every client go on with the others, nothing acknowledged is lost when the broker is back, and orderly consumers keep the order of each queue.',
    source: 'Apache RocketMQ: multi-master',
    transports: ['rocketmq'],
  },
  {
    id: 'multi-master',
    text: 'A broker takes the files of Apache’s multi-master configuration; a NameServer treats a second broker of the same name and id as Apache’s does; a port that another broker has is named.',
    source: 'Apache RocketMQ: conf/2m-noslave',
    transports: ['rocketmq'],
  },
  {
    id: 'loopback-only',
    text: 'Without a configured address a broker is reached from this machine only, and says so at its start.',
    source: 'promises §3',
    transports: ['rocketmq'],
  },
  {
    id: 'apache-brokers',
    text: 'Our client works against Apache RocketMQ 4.9.7 and 5.5.0.',
    source: 'Apache RocketMQ',
    transports: ['rocketmq'],
  },
  {
    id: 'heartbeats-without-subscriptions',
    text: 'A consumer whose heartbeats leave out subscriptions that the broker knows goes on consuming, also at a broker that was killed and has forgotten them.',
    source: 'RocketMQ: heartbeats of version 2',
    transports: ['rocketmq'],
  },
  {
    id: 'mqadmin',
    text: 'mqadmin of 4.9.7 and 5.5.0 prints at our NameServer and broker what it prints at those of its version; where not, the difference is listed.',
    source: 'RocketMQ: mqadmin',
    transports: ['rocketmq'],
  },
  {
    id: 'metrics',
    text: 'With metricsExporterType=PROM the broker serves the series of RocketMQ 5.5 that it has figures for, with the same names, types and labels.',
    source: 'RocketMQ: metrics',
    transports: ['rocketmq'],
  },
  {
    id: 'apache-registers',
    text: "Apache's brokers 4.9.7 and 5.5.0 register at our NameServer side by side, heartbeats keep them there, and a slave stands in for a killed master.",
    source: 'RocketMQ: NameServer',
    transports: ['rocketmq'],
  },
  {
    id: 'golden-frames',
    text: 'Frames and records that Apache brokers and clients of both versions put on the wire decode, and encode to the same bytes or the same meaning.',
    source: 'Apache RocketMQ',
    transports: ['rocketmq'],
  },
  {
    id: 'operator-changes',
    text: 'What an operator changes at run time (configuration, topics, groups) is in effect when the answer comes, and still after a kill.',
    source: 'RocketMQ: mqadmin',
    transports: ['rocketmq'],
  },
  {
    id: 'hostile-bytes',
    text: 'No bytes from the network crash the broker or disturb another connection.',
    source: 'product',
    transports: ['rocketmq'],
  },
  {
    id: 'requests-keep-promises',
    text: 'No sequence of requests, in order or hostile, of several clients that may vanish, with restarts between, loses, doubles, changes or invents a message, moves a committed offset that no request names, goes unanswered, or leaves something behind when its clients are gone.',
    source: 'product',
    transports: ['rocketmq'],
  },
  {
    id: 'mixed-load',
    text: 'While clients send in all ways, consume, retry and settle transactions, consumers come and go and brokers are stopped and killed, nothing acknowledged is lost, nothing comes early, and the messages of a sharding key stay in order.',
    source: 'product',
    transports: ['rocketmq'],
  },
  {
    id: 'refusals',
    text: 'What is wrong with a request gets the response code of RocketMQ 5.5.0, or the one that docs/compatibility.md names, and the connection lives on.',
    source: 'RocketMQ: SendMessageProcessor, PullMessageProcessor, BrokerFastFailure',
    transports: ['rocketmq'],
  },
  {
    id: 'loop-stall',
    text: 'None of the largest requests in `test/promises/heavy-requests.ts`, and no request to a broker with 30,000 topics and groups (`large-state.ts`), keeps the event loop of a broker or NameServer at work for more than 100 ms of CPU time at once; a batch of 16,384 messages: 150.',
    source: 'product',
    transports: ['rocketmq'],
  },
  {
    id: 'priority',
    text: 'On a topic of type PRIORITY the priority of a message names its queue as at RocketMQ 5.5.0; messages of other topics stay in theirs.',
    source: 'RocketMQ: message priority',
    transports: ['rocketmq'],
  },
  // application
  {
    id: 'decorator-tools',
    text: 'The decorators work as legacy and standard decorators and as plain calls, under every tool of the table.',
    source: 'product',
    transports: both,
  },
  {
    id: 'wiring-errors',
    text: 'Wiring mistakes fail at start() with one list, never at the first message.',
    source: 'product',
    transports: both,
  },
  {
    id: 'quickstart',
    text: 'The quickstart shows every feature on a fresh clone, on our stand-alone broker and on Apache RocketMQ 4.9.7 and 5.5.0, unchanged.',
    source: 'product',
    transports: both,
  },
  {
    id: 'simulation',
    text: 'NameServer, broker and clients run in one process on virtual time from a seed, and a seed replays identically.',
    source: 'product',
    transports: ['rocketmq'],
  },
  { id: 'checks-can-fail', text: 'Every static check finds the violation it is there for.', source: 'product', transports: both },
] as const satisfies readonly Requirement[];

export type RequirementId = (typeof requirements)[number]['id'];

/** Promises without a test yet. */
export const knownGaps: readonly RequirementId[] = [];
