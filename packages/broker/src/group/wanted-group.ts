/** What an operator may make of a group (Java: SubscriptionGroupManager.updateSubscriptionGroupConfig; page 32 §5). Pure. */
import { isMqError } from '@orbitmq/core/kernel';
import { checkGroupName, type JsonValue, ResponseCode } from '@orbitmq/protocol';
import { applyAttributeChanges } from '../metadata/attribute-changes.js';
import { type JsonFields, jsonObject } from '../metadata/json-fields.js';
import { groupAttributeRules } from './group-attributes.js';
import { groupSourceProblem } from './group-source-limits.js';
import { retryPolicyProblem } from './retry-policy-problem.js';
import { decodeSubscriptionGroup } from './subscription-group-json.js';
import type { SubscriptionGroupConfig } from './subscription-group-manager.js';

/** Retry queues of a group are queues of a topic, which every member keeps state for. */
const retryQueueNumsMax = 65_536;

export interface GroupRefusal {
  readonly code: number;
  readonly remark: string;
}

export interface WantedGroup {
  readonly group: SubscriptionGroupConfig;
  /** As it was described, with members unknown here. */
  readonly source: JsonFields;
}

/** A group as it is; `source`: its members, unknown ones among them. */
export interface ExistingGroup {
  readonly group: SubscriptionGroupConfig;
  readonly source?: JsonFields | undefined;
}

/** The group as it will be; attributes and unknown members that `value` does not mention stay. */
export function wantedGroup(
  value: JsonValue,
  existingOf: (groupName: string) => ExistingGroup | undefined,
): WantedGroup | GroupRefusal {
  const read = readGroup(value);
  if ('code' in read) return read;
  const { group, source } = read;
  const nameProblem = checkGroupName(group.groupName);
  if (nameProblem !== undefined) return { code: ResponseCode.INVALID_PARAMETER, remark: nameProblem };
  if (group.retryQueueNums < 0 || group.retryQueueNums > retryQueueNumsMax) {
    const remark = `retryQueueNums is not from 0 to ${retryQueueNumsMax}: ${group.retryQueueNums}`;
    return { code: ResponseCode.INVALID_PARAMETER, remark };
  }
  const changes = new Map(Object.entries(group.attributes));
  const existing = existingOf(group.groupName);
  const changed = applyAttributeChanges(groupAttributeRules, existing?.group.attributes, changes);
  if ('problem' in changed) return { code: ResponseCode.SYSTEM_ERROR, remark: changed.problem };
  const wanted = { ...group, attributes: changed.attributes };
  const sourceProblem =
    retryPolicyProblem(source['groupRetryPolicy']) ?? groupSourceProblem({ ...existing?.source, ...source, ...wanted });
  if (sourceProblem !== undefined) return { code: ResponseCode.INVALID_PARAMETER, remark: sourceProblem };
  return { group: wanted, source };
}

/** A member of a wrong type is the sender's fault, not the store's. */
function readGroup(value: JsonValue): WantedGroup | GroupRefusal {
  try {
    const source = jsonObject(value, 'body');
    return { group: decodeSubscriptionGroup(source), source };
  } catch (error) {
    if (isMqError(error)) return { code: ResponseCode.SYSTEM_ERROR, remark: error.message };
    throw error;
  }
}
