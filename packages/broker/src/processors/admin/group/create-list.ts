/**
 * UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST (225), 5.x (Java: AdminBrokerProcessor.updateAndCreateSubscriptionGroupList): one group
 * that is refused refuses all, and nothing is changed.
 */
import { ProtocolError } from '@orbitmq/core/kernel';
import { createResponse, isJsonObject, type JsonValue, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import { requestBody } from '../../request-body.js';
import { jsonOfBody } from '../json-of-body.js';
import { refuse } from '../refuse.js';
import { updateGroups } from './group-updates.js';

export class CreateGroupListProcessor implements RequestProcessor {
  readonly #groups: SubscriptionGroupManager;

  constructor(groups: SubscriptionGroupManager) {
    this.#groups = groups;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const refusal = updateGroups(this.#groups, groupConfigList(requestBody(request)));
    if (refusal !== undefined) {
      refuse(request, connection, refusal);
      return;
    }
    await this.#groups.persist();
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }
}

function groupConfigList(body: Buffer): readonly JsonValue[] {
  const value = jsonOfBody(body);
  const list = isJsonObject(value) ? value.groupConfigList : undefined;
  if (!Array.isArray(list)) throw new ProtocolError('BODY_INVALID', '"groupConfigList" of the body is not a list');
  return list;
}
