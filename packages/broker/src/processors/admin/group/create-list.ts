/**
 * UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST (225), 5.x (Java: AdminBrokerProcessor.updateAndCreateSubscriptionGroupList): one group
 * that is refused refuses all, and nothing is changed.
 */
import { ProtocolError } from '@orbitmq/core/kernel';
import { createResponse, type JsonValue, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import { requestBody } from '../../request-body.js';
import { jsonOfBody } from '../json-of-body.js';
import { refuse } from '../refuse.js';
import { wantedGroups } from './group-updates.js';

export class CreateGroupListProcessor implements RequestProcessor {
  readonly #groups: SubscriptionGroupManager;

  constructor(groups: SubscriptionGroupManager) {
    this.#groups = groups;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const wanted = wantedGroups(this.#groups, groupConfigList(requestBody(request)));
    if ('code' in wanted) {
      refuse(request, connection, wanted);
      return;
    }
    for (const { group, source } of wanted) this.#groups.update(group, source);
    await this.#groups.persist();
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }
}

function groupConfigList(body: Buffer): readonly JsonValue[] {
  const value = jsonOfBody(body);
  const list = typeof value === 'object' && value !== null && !Array.isArray(value) ? value.groupConfigList : undefined;
  if (!Array.isArray(list)) throw new ProtocolError('BODY_INVALID', '"groupConfigList" of the body is not a list');
  return list;
}
