/** UPDATE_AND_CREATE_SUBSCRIPTIONGROUP (200) (Java: AdminBrokerProcessor.updateAndCreateSubscriptionGroup; page 32 §5). */
import { createResponse, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import { jsonOfBody } from '../json-of-body.js';
import { refuse } from '../refuse.js';
import { updateGroups } from './group-updates.js';

export class CreateGroupProcessor implements RequestProcessor {
  readonly #groups: SubscriptionGroupManager;

  constructor(groups: SubscriptionGroupManager) {
    this.#groups = groups;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    // As 5.x: nothing asked for is nothing to do.
    const refusal = request.body === undefined ? undefined : updateGroups(this.#groups, [jsonOfBody(request.body)]);
    if (refusal !== undefined) {
      refuse(request, connection, refusal);
      return;
    }
    await this.#groups.persist();
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }
}
