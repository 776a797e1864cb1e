import { encodeProperties, PropertyName, SystemTopic } from '@orbitmq/protocol';
import type { MessageStore } from '../store/message-store.js';
import { outTick } from '../timer/timer-time.js';

export interface TimedMessageFacts {
  readonly body: string;
  /** The wall clock, ms. */
  readonly deliverMs: number;
  /** Properties beside those of every timed message, or in their place. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

const host = Buffer.from('7f00000100002a9f', 'hex');

/** Stores a message for TopicT as the send path does when it is asked for at a time, with ticks of a second. */
export function putTimedMessage(store: Pick<MessageStore, 'putMessage'>, facts: TimedMessageFacts): void {
  const { body, deliverMs } = facts;
  const properties = {
    [PropertyName.UNIQ_KEY]: `U${body}`,
    [PropertyName.WAIT]: 'true',
    [PropertyName.TIMER_DELIVER_MS]: String(deliverMs),
    [PropertyName.TIMER_OUT_MS]: String(outTick(deliverMs, 1000)),
    [PropertyName.REAL_TOPIC]: 'TopicT',
    [PropertyName.REAL_QUEUE_ID]: '0',
    ...facts.properties,
  };
  store.putMessage(
    {
      topic: SystemTopic.TIMER,
      queueId: 0,
      flag: 7,
      sysFlag: 0,
      bornTimestamp: 1,
      bornHost: host,
      storeHost: host,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body: Buffer.from(body),
      properties: Buffer.from(encodeProperties(properties)),
      waitStore: true,
    },
    { onAppended: () => undefined, onDone: () => undefined },
  );
}
