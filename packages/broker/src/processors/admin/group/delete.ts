/**
 * DELETE_SUBSCRIPTIONGROUP (207) (Java: AdminBrokerProcessor.deleteSubscriptionGroup; page 32 §5): the group, what it was forbidden,
 * and its offsets when asked to. An unknown one is deleted already. Its retry and dead-letter topics are the tool's to delete.
 */
import { createResponse, deleteGroupHeader, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import { isBrokerGroup } from '../../../offset/client-offsets.js';
import type { ConsumerOffsetManager } from '../../../offset/consumer-offset-manager.js';
import { refuse } from '../refuse.js';

/** What was counted of a group goes with it. */
export interface GroupCounters {
  groupDeleted(group: string): void;
}

export class DeleteGroupProcessor implements RequestProcessor {
  readonly #groups: SubscriptionGroupManager;
  readonly #offsets: ConsumerOffsetManager;
  readonly #stats: GroupCounters;

  constructor(groups: SubscriptionGroupManager, offsets: ConsumerOffsetManager, stats: GroupCounters) {
    this.#groups = groups;
    this.#offsets = offsets;
    this.#stats = stats;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { groupName, cleanOffset, removeOffset } = deleteGroupHeader.decodeCommand(request);
    if (isBrokerGroup(groupName)) {
      // Apache deletes it, and with its offsets the broker's own progress on transactions.
      refuse(request, connection, { code: ResponseCode.NO_PERMISSION, remark: `the group[${groupName}] is the broker's own` });
      return;
    }
    const cleans = cleanOffset === true || removeOffset === true;
    this.#groups.delete(groupName);
    this.#stats.groupDeleted(groupName);
    if (cleans) this.#offsets.removeGroup(groupName);
    await this.#groups.persist();
    if (cleans) await this.#offsets.persist();
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }
}
