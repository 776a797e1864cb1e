import { sleep, type Timers } from '@orbitmq/core/kernel';
import {
  decodeProperties,
  encodeHost,
  encodeOffsetMessageId,
  type MessageExt,
  PropertyName,
  type RemotingCommand,
  ResponseCode,
  SystemTopic,
} from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';
import type { IdempotencyWindow, KnownKey } from '../../idempotency/idempotency-window.js';
import { isInLog } from '../../idempotency/key-claim.js';
import type { KeyPlace } from '../../idempotency/key-table.js';
import { sentTopic } from '../../idempotency/keyed-record.js';
import type { MessageStore, PutStatus } from '../../store/message-store.js';
import type { TimerDoor } from '../../timer/timer-door.js';
import type { TopicConfigManager } from '../../topic/topic-config-manager.js';
import { Refusal } from './refusal.js';
import { refuseSend, SendAnswer, type SendAnswerContext } from './send-answer.js';

export interface RepeatedSendsDeps {
  readonly timers: Timers;
  readonly store: MessageStore;
  readonly topics: Pick<TopicConfigManager, 'isTopicPersisted' | 'persist'>;
  readonly window: IdempotencyWindow;
  readonly timer: Pick<TimerDoor, 'recallHandle'>;
  readonly answers: SendAnswerContext;
  /** How long a repeat waits for the first message to be on disk. */
  readonly syncFlushTimeoutMs: number;
}

/** A send whose key is known. */
export interface RepeatedSend {
  readonly request: RemotingCommand;
  readonly connection: ServerConnection;
  readonly topic: string;
  readonly key: string;
  readonly body: Buffer;
  readonly known: NonNullable<KnownKey>;
}

/** How often a late flush is looked for. */
const lookAgainMs = 10;

/** What the first send was told, or would have been. */
interface FirstAnswer {
  readonly status: PutStatus;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly offsetMsgId: string;
  readonly transactionId: string | undefined;
  readonly recallHandle: string | undefined;
}

/**
 * Answers sends that repeat a key with what the first send with it was told, once that is on disk. Nothing is stored. The
 * record itself says whether it is that message: a key that leads elsewhere is forgotten, and one that comes with another body
 * is refused, since a success would let that body vanish. The transaction id and the recall handle come from the record too:
 * an answer without it, because its file was deleted or it is not on disk yet, has neither.
 */
export class RepeatedSends {
  readonly #deps: RepeatedSendsDeps;

  constructor(deps: RepeatedSendsDeps) {
    this.#deps = deps;
  }

  /** False: the key is not known after all, and the send has to be looked at again. */
  async answer(send: RepeatedSend): Promise<boolean> {
    const { answers } = this.#deps;
    answers.inFlight.enter();
    let outcome: FirstAnswer | Refusal | undefined;
    try {
      outcome = await this.#outcome(send);
    } finally {
      answers.inFlight.leave();
    }
    if (outcome === undefined) return false;
    if (outcome instanceof Refusal) refuseSend(send.request, send.connection, answers, outcome);
    else {
      const answer = new SendAnswer(
        send.request,
        send.connection,
        answers,
        outcome.queueId,
        outcome.transactionId,
        undefined,
        0,
        0,
      );
      answer.queueOffset = outcome.queueOffset;
      answer.offsetMsgId = outcome.offsetMsgId;
      answer.recallHandle = outcome.recallHandle;
      answer.onDone(outcome.status);
    }
    return true;
  }

  async #outcome(send: RepeatedSend): Promise<FirstAnswer | Refusal | undefined> {
    const { known } = send;
    if ('place' in known) return this.#firstAt(send, known.place);
    const { place, status } = await known.pending;
    if (place === undefined || !isInLog(status)) {
      // The first was refused, or nobody knows: so it is for those who waited for it.
      return place === undefined ? { ...nothingStored, status } : this.#fromTable(place, status);
    }
    return this.#firstAt(send, place);
  }

  async #firstAt(send: RepeatedSend, place: KeyPlace): Promise<FirstAnswer | Refusal | undefined> {
    const { store, window } = this.#deps;
    if (!(await this.#isVisible(place))) return this.#fromTable(place, 'FLUSH_DISK_TIMEOUT');
    const record = await store.lookMessage(place.physicalOffset);
    if (record === undefined && place.physicalOffset < store.minPhysicalOffset) {
      // Its file was deleted; the key's 128 bits stand for it.
      return this.#fromTable(place, await this.#statusOf(send.topic));
    }
    if (record === undefined || !isFirst(record, send) || !this.#isInItsQueue(record)) {
      window.forget(send.topic, send.key, place);
      return undefined;
    }
    if (!record.body.equals(send.body)) return otherBody(send.key);
    const properties = decodeProperties(record.propertiesBytes);
    return {
      status: await this.#statusOf(send.topic),
      queueId: place.queueId,
      queueOffset: record.queueOffset,
      offsetMsgId: encodeOffsetMessageId(encodeHost(record.storeHost), record.physicalOffset),
      transactionId: properties[PropertyName.UNIQ_KEY],
      recallHandle: this.#recallHandle(record, properties),
    };
  }

  /** Of a timed message: that of the record that waited, so that the first message can be taken back by it. */
  #recallHandle({ topic }: MessageExt, properties: Readonly<Record<string, string>>): string | undefined {
    const { REAL_TOPIC: sentTo, TIMER_OUT_MS: outMs, UNIQ_KEY: uniqueKey } = properties;
    if (topic !== SystemTopic.TIMER || sentTo === undefined || outMs === undefined || uniqueKey === undefined) return undefined;
    return this.#deps.timer.recallHandle(sentTo, uniqueKey, Number(outMs));
  }

  /** An operator who deleted the topic deleted its messages; their records leave the log later. */
  #isInItsQueue({ queueId, queueOffset, topic }: MessageExt): boolean {
    const { store } = this.#deps;
    return queueOffset >= store.minOffset(topic, queueId) && queueOffset < store.maxOffset(topic, queueId);
  }

  /** Reads see a message only when it has the configured durability. */
  async #isVisible({ physicalOffset }: KeyPlace): Promise<boolean> {
    const { store, syncFlushTimeoutMs, timers } = this.#deps;
    for (let waitedMs = 0; store.maxPhysicalOffset <= physicalOffset; waitedMs += lookAgainMs) {
      if (waitedMs >= syncFlushTimeoutMs || !store.isWritable) return false;
      await sleep(timers, lookAgainMs);
    }
    return true;
  }

  /** The first message may have made its topic, which has to be on disk as well. */
  async #statusOf(topic: string): Promise<PutStatus> {
    const { topics } = this.#deps;
    if (topics.isTopicPersisted(topic)) return 'PUT_OK';
    return topics.persist().then(
      () => 'PUT_OK',
      () => 'TOPIC_NOT_WRITTEN',
    );
  }

  #fromTable(place: KeyPlace, status: PutStatus): FirstAnswer {
    const { queueId, queueOffset, physicalOffset } = place;
    const offsetMsgId = this.#deps.answers.hosts.messageIds.idOf(physicalOffset);
    return { status, queueId, queueOffset, offsetMsgId, transactionId: undefined, recallHandle: undefined };
  }
}

const nothingStored = { queueId: 0, queueOffset: -1, offsetMsgId: '', transactionId: undefined, recallHandle: undefined };

function isFirst(record: MessageExt, { key, topic }: RepeatedSend): boolean {
  const properties = decodeProperties(record.propertiesBytes);
  if (properties[PropertyName.IDEMPOTENCY_KEY] !== key) return false;
  return sentTopic(record.topic, properties, record.queueOffset) === topic;
}

function otherBody(key: string): Refusal {
  return new Refusal(
    ResponseCode.MESSAGE_ILLEGAL,
    `the message is illegal: its idempotency key "${key}" was sent before with another body`,
  );
}
