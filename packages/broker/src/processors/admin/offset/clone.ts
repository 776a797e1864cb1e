/**
 * CLONE_GROUP_OFFSET (314): gives a group the offsets of another one, in one topic or in all (Java:
 * AdminBrokerProcessor.cloneGroupOffset; page 32 §2). Unless it is `offline`, a topic that the live destination does not
 * subscribe to is left out. Answered when the offsets are on the disk. The destination is made as a heartbeat would make it: Apache
 * gives offsets to whatever name is sent, and its table grows with every name.
 */
import type { Timers } from '@orbitmq/core/kernel';
import { checkGroupName, cloneGroupOffsetHeader, createResponse, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ConsumerManager } from '../../../client/consumer-manager.js';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import { nextTurn } from '../../../metadata/next-turn.js';
import { isBrokerGroup } from '../../../offset/client-offsets.js';
import type { ConsumerOffsetManager } from '../../../offset/consumer-offset-manager.js';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';
import { refuse } from '../refuse.js';

export interface CloneOffsetProcessorOptions {
  readonly timers: Timers;
  readonly groups: Pick<SubscriptionGroupManager, 'find'>;
  readonly topics: TopicConfigManager;
  readonly offsets: ConsumerOffsetManager;
  readonly consumers: Pick<ConsumerManager, 'subscription' | 'subscriptionCount'>;
}

export class CloneOffsetProcessor implements RequestProcessor {
  readonly #options: CloneOffsetProcessorOptions;

  constructor(options: CloneOffsetProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { srcGroup, destGroup, topic = '', offline } = cloneGroupOffsetHeader.decodeCommand(request);
    const { consumers, offsets, timers, topics } = this.#options;
    const refusal = this.#refusalOf(destGroup);
    if (refusal !== undefined) {
      refuse(request, connection, refusal);
      return;
    }
    for (const name of topic === '' ? offsets.topicsWithOffsets(srcGroup) : [topic]) {
      if (topics.get(name) === undefined) continue;
      const isSubscribed = consumers.subscription(destGroup, name) !== undefined;
      if (offline !== true && !isSubscribed && consumers.subscriptionCount(destGroup) > 0) continue;
      if (!offsets.canClone(srcGroup, destGroup, name)) {
        const remark = `[OVERLOAD]system busy, there are too many offsets for those of topic ${name}`;
        refuse(request, connection, { code: ResponseCode.SYSTEM_BUSY, remark });
        return;
      }
      offsets.clone(srcGroup, destGroup, name);
      // A topic may have 65,536 queues.
      await nextTurn(timers);
    }
    await offsets.persist();
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }

  #refusalOf(destGroup: string): { readonly code: number; readonly remark: string } | undefined {
    if (isBrokerGroup(destGroup)) {
      return { code: ResponseCode.NO_PERMISSION, remark: `the offsets of group ${destGroup} are the broker's own` };
    }
    const problem = checkGroupName(destGroup);
    if (problem !== undefined) return { code: ResponseCode.INVALID_PARAMETER, remark: problem };
    if (this.#options.groups.find(destGroup) !== undefined) return undefined;
    return { code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark: `Group ${destGroup} does not exist` };
  }
}
