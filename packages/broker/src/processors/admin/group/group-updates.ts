/** The groups of a request that makes them: all are checked before the first is made. */
import { type JsonValue, ResponseCode } from '@orbitmq/protocol';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import { type ExistingGroup, type GroupRefusal, type WantedGroup, wantedGroup } from '../../../group/wanted-group.js';

/** Groups of a broker that an operator may bring into being. */
const groupCountMax = 200_000;
/** Groups of one request: checking them takes one turn. */
const groupsPerRequestMax = 1000;
/** What all groups together may say of themselves: 600 characters for each of the most groups there may be. */
const sourceCharsMax = 120_000_000;

interface Bounds {
  readonly countMax?: number;
  readonly sourceCharsMax?: number;
}

/** The groups in their order; one that is described twice becomes what both say. */
export function wantedGroups(
  groups: SubscriptionGroupManager,
  values: readonly JsonValue[],
  bounds: Bounds = {},
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
  return refusalOf(groups, pending, bounds) ?? all;
}

function refusalOf(
  groups: SubscriptionGroupManager,
  pending: ReadonlyMap<string, ExistingGroup>,
  bounds: Bounds,
): GroupRefusal | undefined {
  const { countMax = groupCountMax } = bounds;
  const known = groups.all();
  const count = known.size + [...pending.keys()].filter((name) => !known.has(name)).length;
  if (count > known.size && count > countMax) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: `there would be ${count} groups, allowed are ${countMax}` };
  }
  let growth = 0;
  for (const [name, { source }] of pending) if (source !== undefined) growth += groups.sourceGrowth(name, source);
  const charsMax = bounds.sourceCharsMax ?? sourceCharsMax;
  if (growth > 0 && groups.sourceChars + growth > charsMax) {
    const remark = `the descriptions of all groups would have ${groups.sourceChars + growth} characters, allowed are ${charsMax}`;
    return { code: ResponseCode.SYSTEM_ERROR, remark };
  }
  return undefined;
}

/** Makes or changes the groups, or says why none of them. */
export function updateGroups(groups: SubscriptionGroupManager, values: readonly JsonValue[]): GroupRefusal | undefined {
  const wanted = wantedGroups(groups, values);
  if ('code' in wanted) return wanted;
  for (const { group, source } of wanted) groups.update(group, source);
  return undefined;
}
