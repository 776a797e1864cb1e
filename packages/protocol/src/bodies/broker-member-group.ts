import { objectField, parseBody, textField, textTable } from './json-fields.js';
import type { BrokerData } from './route.js';
import { fastjsonBody } from './write-fastjson.js';

/** Answer to GET_BROKER_MEMBER_GROUP (901): page 02 §5. */
export type BrokerMemberGroup = Pick<BrokerData, 'cluster' | 'brokerName' | 'brokerAddrs'>;

export function encodeBrokerMemberGroup(group: BrokerMemberGroup): Buffer {
  const brokerAddrs = new Map(Object.entries(group.brokerAddrs).map(([id, address]) => [Number(id), address]));
  return fastjsonBody({ brokerMemberGroup: { brokerAddrs, brokerName: group.brokerName, cluster: group.cluster } });
}

export function decodeBrokerMemberGroup(body: Buffer): BrokerMemberGroup {
  const object = objectField(parseBody(body), 'brokerMemberGroup');
  return {
    cluster: textField(object, 'cluster', ''),
    brokerName: textField(object, 'brokerName', ''),
    brokerAddrs: textTable(objectField(object, 'brokerAddrs')),
  };
}
