/**
 * UPDATE_AND_GET_GROUP_FORBIDDEN (353), 5.x (Java: AdminBrokerProcessor.updateAndGetGroupForbidden): forbids a group to read a
 * topic, or allows it again, and says what holds. Whether group and topic exist is not asked. Pulls obey it.
 */
import {
  checkGroupName,
  checkTopicName,
  createResponse,
  groupForbiddenHeader,
  type RemotingCommand,
  ResponseCode,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import { refuse } from '../refuse.js';

export class ForbidGroupProcessor implements RequestProcessor {
  readonly #groups: SubscriptionGroupManager;

  constructor(groups: SubscriptionGroupManager) {
    this.#groups = groups;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { group, topic, readable } = groupForbiddenHeader.decodeCommand(request);
    const problem = checkGroupName(group) ?? checkTopicName(topic);
    if (problem !== undefined) {
      refuse(request, connection, { code: ResponseCode.INVALID_PARAMETER, remark: problem });
      return;
    }
    if (readable !== undefined) {
      if (!this.#groups.setReadForbidden(group, topic, !readable)) {
        refuse(request, connection, {
          code: ResponseCode.SYSTEM_ERROR,
          remark: 'too many pairs of group and topic are forbidden',
        });
        return;
      }
      await this.#groups.persist();
    }
    const answer = { group, readable: !this.#groups.isReadForbidden(group, topic), topic };
    const body = Buffer.from(JSON.stringify(answer), 'utf8');
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body }));
  }
}
