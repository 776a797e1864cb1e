/**
 * GET_SUBSCRIPTIONGROUP_CONFIG (352), 5.x (Java: AdminBrokerProcessor.getSubscriptionGroup): a group that nobody has made yet is made
 * by the question when groups may be auto-created.
 */
import { createResponse, getGroupConfigHeader, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import { refuse } from '../refuse.js';

export class GetGroupProcessor implements RequestProcessor {
  readonly #groups: SubscriptionGroupManager;

  constructor(groups: SubscriptionGroupManager) {
    this.#groups = groups;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { group } = getGroupConfigHeader.decodeCommand(request);
    const config = this.#groups.find(group) === undefined ? undefined : this.#groups.describe(group);
    if (config === undefined) {
      refuse(request, connection, { code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark: 'No group in this broker' });
      return;
    }
    const body = Buffer.from(JSON.stringify(config), 'utf8');
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body }));
  }
}
