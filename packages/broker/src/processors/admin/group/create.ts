/** UPDATE_AND_CREATE_SUBSCRIPTIONGROUP (200) (Java: AdminBrokerProcessor.updateAndCreateSubscriptionGroup; page 32 §5). */
import { createResponse, type JsonValue, type RemotingCommand, ResponseCode, type Steps } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import { groupsOrder, type LargeRequests } from '../../../large-requests.js';
import { jsonOfBodySteps } from '../json-of-body.js';
import { refuse } from '../refuse.js';
import { updateGroups } from './group-updates.js';

export class CreateGroupProcessor implements RequestProcessor {
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
    // As 5.x: nothing asked for is nothing to do.
    const described = request.body === undefined ? [] : [yield* jsonOfBodySteps(request.body)];
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
