import { finishFrame } from '../frame/create-frame-writer.js';
import type { FrameWriter } from '../frame/frame-writer.js';
import { flagOneway, SerializeType } from '../frame/remoting-command.js';
import { writeBytes, writeDecimal } from '../frame/write-text.js';
import { languageName, languageOther } from '../language-code.js';
import { ownVersion } from '../version.js';

/**
 * SEND_MESSAGE_V2 (310) and SEND_BATCH_MESSAGE (320) from a producer: what all sends to one queue share is made once, so a
 * send costs one copy of those bytes and a few numbers.
 *
 *     {"code":310,"extFields":{"a":…,"b":…, … ,"f":"  sysFlag  ","g":"  bornTimestamp  ","i":"  properties
 *     "},"flag":0,"language":"OTHER","opaque":  opaque  ,"serializeTypeCurrentRPC":"JSON","version":473}
 */
export interface SendMessageTemplate {
  /** Everything up to the value of `f`. */
  readonly start: Buffer;
  /** Everything between the properties and the opaque. */
  readonly middle: Buffer;
}

export interface SendMessageTemplateFields {
  readonly code: number;
  readonly producerGroup: string;
  readonly topic: string;
  readonly defaultTopic: string;
  readonly defaultTopicQueueNums: number;
  readonly queueId: number;
  readonly brokerName: string;
  readonly batch: boolean;
  readonly oneway: boolean;
}

export function createSendMessageTemplate(fields: SendMessageTemplateFields): SendMessageTemplate {
  const extFields = {
    a: fields.producerGroup,
    b: fields.topic,
    c: fields.defaultTopic,
    d: String(fields.defaultTopicQueueNums),
    e: String(fields.queueId),
    h: '0',
    j: '0',
    k: 'false',
    m: String(fields.batch),
    n: fields.brokerName,
  };
  const flag = fields.oneway ? flagOneway : 0;
  return {
    start: Buffer.from(`{"code":${fields.code},"extFields":${JSON.stringify(extFields).slice(0, -1)},"f":"`),
    middle: Buffer.from(`"},"flag":${flag},"language":"${languageName(languageOther)}","opaque":`),
  };
}

/** What differs from message to message. */
export interface SendMessageRequestFields {
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  /** The inside of a JSON string, escaped already. */
  readonly propertiesJson: string;
  readonly body: Buffer;
}

const bornTimestampStart = Buffer.from('","g":"');
const propertiesStart = Buffer.from('","i":"');
const end = Buffer.from(`,"serializeTypeCurrentRPC":"JSON","version":${ownVersion}}`);
const prefixBytes = 8;
/** Three numbers of at most 20 digits, and the constant pieces. */
const fixedBytesMax = prefixBytes + 60 + bornTimestampStart.length + propertiesStart.length + end.length;

/** Writes a whole send request. Throws a `ProtocolError` `FRAME_TOO_LARGE`, and has then written nothing. */
export function writeSendMessageRequest(
  writer: FrameWriter,
  template: SendMessageTemplate,
  opaque: number,
  fields: SendMessageRequestFields,
): void {
  const { propertiesJson, body } = fields;
  writer.reserve(fixedBytesMax + template.start.length + template.middle.length + propertiesJson.length * 3);
  const { buffer, position } = writer;
  let at = writeBytes(buffer, position + prefixBytes, template.start);
  at = writeDecimal(buffer, at, fields.sysFlag);
  at = writeBytes(buffer, at, bornTimestampStart);
  at = writeDecimal(buffer, at, fields.bornTimestamp);
  at = writeBytes(buffer, at, propertiesStart);
  at += buffer.write(propertiesJson, at, 'utf8');
  at = writeBytes(buffer, at, template.middle);
  at = writeDecimal(buffer, at, opaque);
  at = writeBytes(buffer, at, end);
  finishFrame(buffer, position, at, SerializeType.JSON, body.length);
  writer.position = at;
  writer.appendSlice(body);
}
