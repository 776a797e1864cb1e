import { versionRegisterBrokerBody } from '../version.js';
import { decodeCompressedRegistration, encodeCompressedRegistration } from './compressed-registration.js';
import { jsonBody, listField, objectField, objectOf, parseBody, textOf } from './json-fields.js';
import type { JsonObject } from './parse-fastjson.js';
import { checkTopicCount, registrationLimits } from './registration-limits.js';
import type { RegisterBrokerBody, TopicConfig } from './topic-config.js';
import { dataVersionFromJson, dataVersionToJson, topicConfigFromJson, topicConfigToJson } from './topic-config-codec.js';
import { topicQueueMappingFromJson } from './topic-queue-mapping.js';

/** Body of REGISTER_BROKER (page 02 §2); compressed only towards a NameServer that reads our version's form (§3). */
export function encodeRegisterBrokerBody(body: RegisterBrokerBody, options: { readonly compressed: boolean }): Buffer {
  if (options.compressed) return encodeCompressedRegistration(body);
  const topics = Object.entries(body.topicConfigTable).map(([name, config]) => [name, topicConfigToJson(config)] as const);
  return jsonBody({
    filterServerList: body.filterServerList,
    topicConfigSerializeWrapper: {
      dataVersion: dataVersionToJson(body.dataVersion),
      topicConfigTable: Object.fromEntries(topics),
    },
  });
}

function wrapperFromJson(wrapper: JsonObject, filterServerList: readonly string[]): RegisterBrokerBody {
  const table = objectField(wrapper, 'topicConfigTable');
  const topicConfigTable = Object.create(null) as Record<string, TopicConfig>;
  const names = Object.keys(table);
  checkTopicCount(names.length);
  for (const name of names) topicConfigTable[name] = topicConfigFromJson(objectOf(table[name], name), name);
  const mappings = objectField(wrapper, 'topicQueueMappingInfoMap');
  const topicQueueMappings = Object.keys(mappings).map((name) => topicQueueMappingFromJson(objectOf(mappings[name], name)));
  checkTopicCount(topicQueueMappings.length);
  const dataVersion = dataVersionFromJson(objectField(wrapper, 'dataVersion'));
  return {
    dataVersion,
    topicConfigTable,
    filterServerList,
    ...(topicQueueMappings.length === 0 ? {} : { topicQueueMappings }),
  };
}

/**
 * Reads a registration. `senderVersion` is the frame's: brokers before V3_0_11 send the bare topic table, those from V5_0_0 on
 * end a compressed body with one more block. Throws a `ProtocolError` `BODY_INVALID`, also beyond `registrationLimits`.
 */
export function decodeRegisterBrokerBody(
  body: Buffer,
  options: { readonly compressed: boolean; readonly senderVersion: number },
): RegisterBrokerBody {
  if (options.compressed) return decodeCompressedRegistration(body, options.senderVersion);
  const object = parseBody(body, registrationLimits.bytesMax, registrationLimits.valuesMax);
  if (options.senderVersion < versionRegisterBrokerBody) return wrapperFromJson(object, []);
  const filterServers = listField(object, 'filterServerList').map((server) => textOf(server, 'filterServerList'));
  return wrapperFromJson(objectField(object, 'topicConfigSerializeWrapper'), filterServers);
}
