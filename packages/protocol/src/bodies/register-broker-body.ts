import { versionRegisterBrokerBody } from '../version.js';
import { compressedRegistrationSteps, encodeCompressedRegistration } from './compressed-registration.js';
import { listField, objectField, objectOf, parseBodySteps, textOf } from './json-fields.js';
import type { JsonObject } from './parse-fastjson.js';
import { checkTopicCount, registrationLimits } from './registration-limits.js';
import { entriesPerTurn, inOneTurn, joinedSteps, Pace, type Steps } from './steps.js';
import type { DataVersion, RegisterBrokerBody, TopicConfig } from './topic-config.js';
import { dataVersionFromJson, dataVersionToJson, topicConfigFromJson } from './topic-config-codec.js';
import { topicConfigText } from './topic-config-table.js';
import { queueMappingReader, type TopicQueueMapping } from './topic-queue-mapping.js';

/** Body of REGISTER_BROKER (page 02 §2); compressed only towards a NameServer that reads our version's form (§3). */
export function encodeRegisterBrokerBody(body: RegisterBrokerBody, options: { readonly compressed: boolean }): Buffer {
  if (options.compressed) return encodeCompressedRegistration(body);
  return inOneTurn(writeRegisterBrokerBodySteps({ ...body, topics: Object.values(body.topicConfigTable) }));
}

/** The body, not compressed, of what may be many topics. They must not change meanwhile. */
export function* writeRegisterBrokerBodySteps(body: {
  readonly dataVersion: DataVersion;
  readonly topics: Iterable<TopicConfig>;
  readonly filterServerList: readonly string[];
}): Steps<Buffer> {
  const filterServers = JSON.stringify(body.filterServerList);
  const version = JSON.stringify(dataVersionToJson(body.dataVersion));
  const before = `{"filterServerList":${filterServers},"topicConfigSerializeWrapper":{"dataVersion":${version},"topicConfigTable":{`;
  const pieces = yield* joinedSteps(body.topics, topicConfigText);
  return Buffer.concat([Buffer.from(before), ...pieces, Buffer.from('}}}')]);
}

function* wrapperSteps(wrapper: JsonObject, filterServerList: readonly string[]): Steps<RegisterBrokerBody> {
  const table = objectField(wrapper, 'topicConfigTable');
  const topicConfigTable = Object.create(null) as Record<string, TopicConfig>;
  const names = Object.keys(table);
  checkTopicCount(names.length);
  const pace = new Pace(entriesPerTurn);
  for (const name of names) {
    const config = topicConfigFromJson(objectOf(table[name], name), name);
    topicConfigTable[name] = config;
    if (pace.isSpent(1 + Object.keys(config.attributes).length)) yield;
  }
  const mappings = objectField(wrapper, 'topicQueueMappingInfoMap');
  const mapped = Object.keys(mappings);
  checkTopicCount(mapped.length);
  const topicQueueMappings: TopicQueueMapping[] = [];
  const read = queueMappingReader();
  for (const name of mapped) {
    topicQueueMappings.push(yield* read(objectOf(mappings[name], name)));
  }
  const dataVersion = dataVersionFromJson(objectField(wrapper, 'dataVersion'));
  return {
    dataVersion,
    topicConfigTable,
    filterServerList,
    ...(topicQueueMappings.length === 0 ? {} : { topicQueueMappings }),
  };
}

export interface RegisterBrokerBodyOptions {
  readonly compressed: boolean;
  /** The frame's: brokers before V3_0_11 send the bare topic table, those from V5_0_0 on end a compressed body with one more block. */
  readonly senderVersion: number;
}

/** Reads a registration. Throws a `ProtocolError` `BODY_INVALID`, also beyond `registrationLimits`. */
export function decodeRegisterBrokerBody(body: Buffer, options: RegisterBrokerBodyOptions): RegisterBrokerBody {
  return inOneTurn(registerBrokerBodySteps(body, options));
}

/** `decodeRegisterBrokerBody` of what may be a large body. */
export function* registerBrokerBodySteps(body: Buffer, options: RegisterBrokerBodyOptions): Steps<RegisterBrokerBody> {
  if (options.compressed) return yield* compressedRegistrationSteps(body, options.senderVersion);
  const { bytesMax, valuesMax, membersMax } = registrationLimits;
  const object = yield* parseBodySteps(body, bytesMax, valuesMax, membersMax);
  if (options.senderVersion < versionRegisterBrokerBody) return yield* wrapperSteps(object, []);
  const filterServers = listField(object, 'filterServerList').map((server) => textOf(server, 'filterServerList'));
  return yield* wrapperSteps(objectField(object, 'topicConfigSerializeWrapper'), filterServers);
}
