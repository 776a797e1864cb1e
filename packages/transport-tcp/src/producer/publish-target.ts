import {
  createSendMessageTemplate,
  type MessageQueue,
  RequestCode,
  type SendMessageTemplate,
  SystemTopic,
} from '@orbitmq/protocol';

/** A queue of a topic as one producer sends to it, with the constant part of its requests. */
export class PublishTarget {
  readonly queue: MessageQueue;
  readonly #producerGroup: string;
  readonly #defaultTopicQueueNums: number;
  #single: SendMessageTemplate | undefined;
  #batch: SendMessageTemplate | undefined;

  constructor(queue: MessageQueue, producerGroup: string, defaultTopicQueueNums: number) {
    this.queue = queue;
    this.#producerGroup = producerGroup;
    this.#defaultTopicQueueNums = defaultTopicQueueNums;
  }

  template(isBatch: boolean): SendMessageTemplate {
    if (isBatch) {
      this.#batch ??= this.#create(RequestCode.SEND_BATCH_MESSAGE, true);
      return this.#batch;
    }
    this.#single ??= this.#create(RequestCode.SEND_MESSAGE_V2, false);
    return this.#single;
  }

  #create(code: number, batch: boolean): SendMessageTemplate {
    return createSendMessageTemplate({
      code,
      producerGroup: this.#producerGroup,
      topic: this.queue.topic,
      defaultTopic: SystemTopic.AUTO_CREATE_TOPIC_KEY,
      defaultTopicQueueNums: this.#defaultTopicQueueNums,
      queueId: this.queue.queueId,
      brokerName: this.queue.brokerName,
      batch,
      oneway: false,
    });
  }
}
