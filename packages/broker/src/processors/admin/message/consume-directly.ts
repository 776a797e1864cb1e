/**
 * CONSUME_MESSAGE_DIRECTLY (309): has one client of a group consume a stored message (Java:
 * AdminBrokerProcessor.consumeMessageDirectly; page 32 §5). The broker adds the message, which an offset id names, as the body.
 */

import { consumeMessageDirectlyHeader, type ExtFields, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ClientRelay } from '../../../client/client-relay.js';
import type { ConsumerManager } from '../../../client/consumer-manager.js';
import type { BrokerConfig } from '../../../config/broker-config.js';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import type { MessageStore } from '../../../store/message-store.js';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';
import { physicalOffsetOf } from '../../message/physical-offset-of.js';
import { recordOf } from '../../message/record-of.js';
import { relayToMember } from '../client/relay-to-member.js';
import { refuse } from '../refuse.js';

export interface ConsumeDirectlyProcessorOptions {
  readonly config: Pick<BrokerConfig, 'brokerName'>;
  readonly store: Pick<MessageStore, 'lookMessage'>;
  readonly topics: TopicConfigManager;
  readonly groups: SubscriptionGroupManager;
  readonly consumers: Pick<ConsumerManager, 'findMember'>;
  readonly relay: ClientRelay;
}

export class ConsumeDirectlyProcessor implements RequestProcessor {
  readonly #options: ConsumeDirectlyProcessorOptions;

  constructor(options: ConsumeDirectlyProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { consumerGroup, clientId = '', msgId, topic } = consumeMessageDirectlyHeader.decodeCommand(request);
    const { config, consumers, groups, relay, store, topics } = this.#options;
    const physicalOffset = msgId === undefined ? undefined : physicalOffsetOf(msgId);
    const message = physicalOffset === undefined ? undefined : await store.lookMessage(physicalOffset);
    if (msgId !== undefined && message === undefined) {
      const remark = `can not find message by the id, ${msgId.slice(0, 64)}`;
      refuse(request, connection, { code: ResponseCode.SYSTEM_ERROR, remark });
      return;
    }
    const topicName = topic ?? message?.topic;
    const extFields: ExtFields = {
      ...request.extFields,
      brokerName: config.brokerName,
      topicSysFlag: String((topicName === undefined ? undefined : topics.get(topicName)?.topicSysFlag) ?? 0),
      groupSysFlag: String(groups.all().get(consumerGroup)?.groupSysFlag ?? 0),
    };
    const body = message === undefined ? undefined : recordOf(message);
    await relayToMember({ request, connection, consumerGroup, clientId, extFields, body }, consumers, relay);
  }
}
