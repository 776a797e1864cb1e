/** UPDATE_AND_CREATE_SUBSCRIPTIONGROUP (200) (Java: AdminBrokerProcessor.updateAndCreateSubscriptionGroup; page 32 §5). */
import { isMqError } from '@orbitmq/core/kernel';
import { checkGroupName, createResponse, parseFastjson, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import { applyGroupAttributeChanges } from '../../../group/group-attributes.js';
import { decodeSubscriptionGroup } from '../../../group/subscription-group-json.js';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import { type JsonFields, jsonObject } from '../../../metadata/json-fields.js';

export class CreateGroupProcessor implements RequestProcessor {
  readonly #groups: SubscriptionGroupManager;

  constructor(groups: SubscriptionGroupManager) {
    this.#groups = groups;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const refusal = request.body === undefined ? undefined : this.#update(request.body);
    if (refusal === undefined) {
      await this.#groups.persist();
      connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
    } else {
      connection.respond(request, createResponse(request, refusal.code, { remark: refusal.remark }));
    }
  }

  #update(body: Buffer): { readonly code: number; readonly remark: string } | undefined {
    const fields = readGroup(body);
    if ('problem' in fields) return { code: ResponseCode.SYSTEM_ERROR, remark: fields.problem };
    const wanted = decodeSubscriptionGroup(fields.group);
    const nameProblem = checkGroupName(wanted.groupName);
    if (nameProblem !== undefined) return { code: ResponseCode.INVALID_PARAMETER, remark: nameProblem };
    const existing = this.#groups.all().get(wanted.groupName);
    const changed = applyGroupAttributeChanges(existing?.attributes ?? {}, wanted.attributes);
    if ('problem' in changed) return { code: ResponseCode.SYSTEM_ERROR, remark: changed.problem };
    this.#groups.update({ ...wanted, attributes: changed.attributes }, fields.group);
    return undefined;
  }
}

function readGroup(body: Buffer): { readonly group: JsonFields } | { readonly problem: string } {
  try {
    const group = jsonObject(parseFastjson(body.toString('utf8')), 'body');
    // Decoded once here so that a member of a wrong type is the sender's fault, not the store's.
    decodeSubscriptionGroup(group);
    return { group };
  } catch (error) {
    if (isMqError(error)) return { problem: error.message };
    throw error;
  }
}
