/** The groups of a request that makes them: all are checked before the first is made. */
import { type JsonValue, ResponseCode } from '@orbitmq/protocol';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import { type ExistingGroup, type GroupRefusal, type WantedGroup, wantedGroup } from '../../../group/wanted-group.js';

/** Groups of a broker that an operator may bring into being. */
const groupCountMax = 200_000;
/** Groups of one request: checking them takes one turn. */
const groupsPerRequestMax = 1000;

/** The groups in their order; one that is described twice becomes what both say. */
export function wantedGroups(
  groups: SubscriptionGroupManager,
  values: readonly JsonValue[],
  countMax = groupCountMax,
): readonly WantedGroup[] | GroupRefusal {
  if (values.length > groupsPerRequestMax) {
    const remark = `the request has ${values.length} groups, allowed are ${groupsPerRequestMax}`;
    return { code: ResponseCode.INVALID_PARAMETER, remark };
  }
  const pending = new Map<string, ExistingGroup>();
  const existingOf = (name: string): ExistingGroup | undefined => {
    const group = groups.all().get(name);
    return pending.get(name) ?? (group && { group, source: groups.describe(name) });
  };
  const all: WantedGroup[] = [];
  for (const value of values) {
    const wanted = wantedGroup(value, existingOf);
    if ('code' in wanted) return wanted;
    const { groupName } = wanted.group;
    pending.set(groupName, { group: wanted.group, source: { ...existingOf(groupName)?.source, ...wanted.source } });
    all.push(wanted);
  }
  const known = groups.all();
  const count = known.size + [...pending.keys()].filter((name) => !known.has(name)).length;
  if (count > known.size && count > countMax) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: `there would be ${count} groups, allowed are ${countMax}` };
  }
  return all;
}

/** Makes or changes the groups, or says why none of them. */
export function updateGroups(groups: SubscriptionGroupManager, values: readonly JsonValue[]): GroupRefusal | undefined {
  const wanted = wantedGroups(groups, values);
  if ('code' in wanted) return wanted;
  for (const { group, source } of wanted) groups.update(group, source);
  return undefined;
}
