/**
 * UPDATE_AND_CREATE_SUBSCRIPTIONGROUP (200) and, 5.x, UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST (225) (Java: updateAndCreateSubscriptionGroup
 * and updateAndCreateSubscriptionGroupList of AdminBrokerProcessor; page 32 §5): one group that is refused refuses all, and nothing is changed.
 */
import { ProtocolError } from '@orbitmq/core/kernel';
import {
  createResponse,
  isJsonObject,
  type JsonValue,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  type Steps,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import { groupsOrder, type LargeRequests } from '../../../large-requests.js';
import { requestBody } from '../../request-body.js';
import { jsonOfBodySteps } from '../json-of-body.js';
import { refuse } from '../refuse.js';
import { updateGroups } from './group-updates.js';

export class CreateGroupsProcessor implements RequestProcessor {
  static readonly codes = [RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST];
  readonly #groups: SubscriptionGroupManager;
  readonly #large: LargeRequests;

  constructor(groups: SubscriptionGroupManager, large: LargeRequests) {
    this.#groups = groups;
    this.#large = large;
  }

  process(request: RemotingCommand, connection: ServerConnection): void | Promise<void> {
    const work = (): Steps<void | Promise<void>> => this.#create(request, connection);
    return this.#large.run(request, connection, groupsOrder, work, { outlivesSender: true });
  }

  *#create(request: RemotingCommand, connection: ServerConnection): Steps<void | Promise<void>> {
    const isList = request.code === RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST;
    const described = yield* isList ? groupConfigListSteps(requestBody(request)) : groupConfigSteps(request.body);
    return this.#take(request, connection, described);
  }

  async #take(request: RemotingCommand, connection: ServerConnection, described: readonly JsonValue[]): Promise<void> {
    const refusal = updateGroups(this.#groups, described);
    if (refusal !== undefined) {
      refuse(request, connection, refusal);
      return;
    }
    await this.#groups.persist();
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }
}

/** As 5.x: nothing asked for is nothing to do. */
function* groupConfigSteps(body: Buffer | undefined): Steps<readonly JsonValue[]> {
  return body === undefined ? [] : [yield* jsonOfBodySteps(body)];
}

function* groupConfigListSteps(body: Buffer): Steps<readonly JsonValue[]> {
  const value = yield* jsonOfBodySteps(body);
  const list = isJsonObject(value) ? value.groupConfigList : undefined;
  if (!Array.isArray(list)) throw new ProtocolError('BODY_INVALID', '"groupConfigList" of the body is not a list');
  return list;
}
