import { ProtocolError } from '@orbitmq/core/kernel';
import { compressZlib, inflateBounded } from '../message/compression.js';
import { ownVersion, versionV5 } from '../version.js';
import { jsonBody, objectOf, parseBodySteps, textOf, textTable } from './json-fields.js';
import { type JsonValue, parseFastjsonSteps } from './parse-fastjson.js';
import { checkTopicCount, registrationLimits } from './registration-limits.js';
import { Pace, type Steps } from './steps.js';
import type { RegisterBrokerBody, TopicConfig } from './topic-config.js';
import { attributesMax, dataVersionFromJson, dataVersionToJson, topicFilterTypes } from './topic-config-codec.js';
import { queueMappingReader, type TopicQueueMapping } from './topic-queue-mapping.js';

const bestCompression = 9;

/**
 * The compressed body of REGISTER_BROKER (page 02 §3), zlib over
 * `i32 len, DataVersion; i32 count, count × (i32 len, topic text); i32 len, filter servers; from V5_0_0 on i32 count, mappings`.
 * `order` and `topicSysFlag` are lost in it.
 */
export function encodeCompressedRegistration(body: RegisterBrokerBody): Buffer {
  const topics = Object.values(body.topicConfigTable);
  const blocks = [
    block(jsonBody(dataVersionToJson(body.dataVersion))),
    int32(topics.length),
    ...topics.map((config) => block(Buffer.from(topicText(config), 'utf8'))),
    block(jsonBody(body.filterServerList)),
  ];
  if (ownVersion >= versionV5) blocks.push(int32(0));
  return compressZlib(Buffer.concat(blocks), bestCompression);
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function block(bytes: Buffer): Buffer {
  return Buffer.concat([int32(bytes.length), bytes]);
}

/** Five words, as 4.9 wants them; attributes are a sixth. */
function topicText(config: TopicConfig): string {
  const text = `${config.topicName} ${config.readQueueNums} ${config.writeQueueNums} ${config.perm} ${config.topicFilterType}`;
  return Object.keys(config.attributes).length === 0 ? text : `${text} ${JSON.stringify(config.attributes)}`;
}

function malformed(reason: string): never {
  throw new ProtocolError('BODY_INVALID', `the compressed registration is malformed: ${reason}`);
}

class BlockReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** A count of blocks, each of which takes at least its length word. */
  count(): number {
    const count = this.#int32();
    if (count < 0 || count > (this.#bytes.length - this.#at) / 4) malformed('a count does not fit');
    return count;
  }

  block(): Buffer {
    const length = this.#int32();
    if (length < 0 || length > this.#bytes.length - this.#at) malformed('a length does not fit');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #int32(): number {
    if (this.#bytes.length - this.#at < 4) malformed('it is cut off');
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }
}

function* topicSteps(text: string): Steps<TopicConfig> {
  const [topicName = '', readQueueNums = '', writeQueueNums = '', perm = '', filter, ...attributes] = text.split(' ');
  const numbers = [readQueueNums, writeQueueNums, perm];
  if (topicName === '' || !numbers.every((number) => /^-?\d{1,9}$/.test(number))) malformed('a topic is not five words');
  const attributesText = attributes.join(' ');
  return {
    topicName,
    readQueueNums: Number(readQueueNums),
    writeQueueNums: Number(writeQueueNums),
    perm: Number(perm),
    topicFilterType: topicFilterTypes.find((type) => type === filter) ?? 'SINGLE_TAG',
    topicSysFlag: 0,
    order: false,
    attributes:
      attributesText === ''
        ? {}
        : textTable(objectOf(yield* parseFastjsonSteps(attributesText, { valuesMax, membersMax }), 'attributes'), attributesMax),
  };
}

const { membersMax, valuesMax } = registrationLimits;
/** Bytes of blocks that are read in one turn of the event loop, however many there are: some milliseconds. */
const bytesPerTurn = 64 * 1024;
/** Of the work that a block is beside its bytes. */
const blockBytes = 32;

export function* compressedRegistrationSteps(body: Buffer, senderVersion: number): Steps<RegisterBrokerBody> {
  const { bytesMax, compressedBytesMax } = registrationLimits;
  if (body.length > compressedBytesMax) malformed(`it has ${body.length} bytes, allowed are ${compressedBytesMax}`);
  const reader = new BlockReader(inflateBounded(body, bytesMax));
  yield;
  const dataVersion = dataVersionFromJson(yield* parseBodySteps(reader.block(), bytesMax, valuesMax, membersMax));
  const topicConfigTable = Object.create(null) as Record<string, TopicConfig>;
  const topicCount = reader.count();
  checkTopicCount(topicCount);
  const pace = new Pace(bytesPerTurn);
  for (let left = topicCount; left > 0; left--) {
    const block = reader.block();
    const config = yield* topicSteps(block.toString('utf8'));
    topicConfigTable[config.topicName] = config;
    if (pace.isSpent(blockBytes + block.length)) yield;
  }
  const filterServers: JsonValue = yield* parseFastjsonSteps(reader.block().toString('utf8'), { valuesMax, membersMax });
  if (!Array.isArray(filterServers)) return malformed('the filter servers are not a list');
  const topicQueueMappings: TopicQueueMapping[] = [];
  if (senderVersion >= versionV5 && !reader.isAtEnd) {
    const count = reader.count();
    checkTopicCount(count);
    const read = queueMappingReader();
    for (let left = count; left > 0; left--) {
      const block = reader.block();
      const object = yield* parseBodySteps(block, bytesMax, valuesMax, membersMax);
      topicQueueMappings.push(yield* read(object));
      if (pace.isSpent(blockBytes + block.length)) yield;
    }
  }
  return {
    dataVersion,
    topicConfigTable,
    filterServerList: filterServers.map((server) => textOf(server, 'filterServerList')),
    ...(topicQueueMappings.length === 0 ? {} : { topicQueueMappings }),
  };
}
