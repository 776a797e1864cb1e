import {
  checkTransactionStateHeader,
  consumerGroupHeader,
  consumerSendMessageBackHeader,
  createFrameDecoder,
  createFrameWriter,
  decodeBatch,
  decodeClusterInfo,
  decodeConsumerIdList,
  decodeHeartbeat,
  decodeLockBatch,
  decodeLockBatchResult,
  decodePullMessage,
  decodeRecord,
  decodeRecords,
  decodeRegisterBrokerBody,
  decodeRoute,
  decodeSendMessage,
  encodeBatch,
  encodeClusterInfo,
  encodeConsumerIdList,
  encodeHeartbeat,
  encodeHost,
  encodeLockBatch,
  encodeLockBatchResult,
  encodeRecord,
  encodeRegisterBrokerBody,
  encodeRoute,
  endTransactionHeader,
  getRouteInfoHeader,
  isResponse,
  type ExtFields,
  type HeaderCodec,
  parseFastjson,
  pullMessageHeader,
  pullMessageResponseHeader,
  queryConsumerOffsetHeader,
  queryConsumerOffsetResponseHeader,
  registerBrokerHeader,
  registerBrokerResponseHeader,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  sendMessageResponseHeader,
  sendMessageV2Header,
  unregisterBrokerHeader,
  unregisterClientHeader,
  updateConsumerOffsetHeader,
  verifyRecord,
} from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { verifies } from '../support/verifies.js';
import { type GoldenFrame, goldenFrames } from './golden-frame.js';
import { readHeader } from './read-header.js';

const frames = goldenFrames();

/** A test that exists only where it has something to say. */
function when(condition: boolean, name: string, test: () => void): void {
  if (condition) it(name, test);
}

function decode(bytes: Buffer): RemotingCommand {
  const commands: RemotingCommand[] = [];
  const decoder = createFrameDecoder();
  decoder.push(bytes, (command) => commands.push(command));
  expect(decoder.pendingBytes).toBe(0);
  const [command] = commands;
  if (command === undefined || commands.length !== 1) throw new Error(`${commands.length} commands in one frame`);
  return command;
}

function title(frame: GoldenFrame): string {
  return `${frame.version} ${frame.serialize} ${frame.from} ${frame.kind} ${frame.requestCode}${frame.responseCode === undefined ? '' : `/${frame.responseCode}`} (${frame.hex.length / 2} bytes)`;
}

function roundTrip<H>(codec: HeaderCodec<H>): (command: RemotingCommand) => ExtFields {
  return (command) => codec.encode(codec.decodeCommand(command));
}

// biome-ignore format: one row a code
const requestHeaders: Readonly<Record<number, ReturnType<typeof roundTrip>>> = {
  [RequestCode.SEND_MESSAGE_V2]: roundTrip(sendMessageV2Header), [RequestCode.SEND_BATCH_MESSAGE]: roundTrip(sendMessageV2Header),
  [RequestCode.PULL_MESSAGE]: roundTrip(pullMessageHeader), [RequestCode.QUERY_CONSUMER_OFFSET]: roundTrip(queryConsumerOffsetHeader),
  [RequestCode.UPDATE_CONSUMER_OFFSET]: roundTrip(updateConsumerOffsetHeader), [RequestCode.UNREGISTER_CLIENT]: roundTrip(unregisterClientHeader),
  [RequestCode.CONSUMER_SEND_MSG_BACK]: roundTrip(consumerSendMessageBackHeader), [RequestCode.END_TRANSACTION]: roundTrip(endTransactionHeader),
  [RequestCode.GET_CONSUMER_LIST_BY_GROUP]: roundTrip(consumerGroupHeader), [RequestCode.CHECK_TRANSACTION_STATE]: roundTrip(checkTransactionStateHeader),
  [RequestCode.NOTIFY_CONSUMER_IDS_CHANGED]: roundTrip(consumerGroupHeader), [RequestCode.REGISTER_BROKER]: roundTrip(registerBrokerHeader),
  [RequestCode.UNREGISTER_BROKER]: roundTrip(unregisterBrokerHeader), [RequestCode.GET_ROUTEINFO_BY_TOPIC]: roundTrip(getRouteInfoHeader),
};

const responseHeaders: Readonly<Record<number, ReturnType<typeof roundTrip>>> = {
  [RequestCode.SEND_MESSAGE_V2]: roundTrip(sendMessageResponseHeader),
  [RequestCode.SEND_BATCH_MESSAGE]: roundTrip(sendMessageResponseHeader),
  [RequestCode.PULL_MESSAGE]: roundTrip(pullMessageResponseHeader),
  [RequestCode.QUERY_CONSUMER_OFFSET]: roundTrip(queryConsumerOffsetResponseHeader),
  [RequestCode.REGISTER_BROKER]: roundTrip(registerBrokerResponseHeader),
};

/** Fields that are on the wire but mean nothing to us: namespaces and light topics of 5.x. */
const fieldsLeftOut = new Set(['ns', 'nsd', 'liteTopic', 'requestSource', 'bname', 'n', 'IS_SUPPORT_HEART_BEAT_V2', 'IS_SUB_CHANGE']);

function withoutNoise(fields: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(fields ?? {}).filter(([name]) => !fieldsLeftOut.has(name)));
}

it('holds frames of both versions and of every code that clients use', () => {
  for (const [version, serialize] of [['4.9.7', 'JSON'], ['4.9.7', 'ROCKETMQ'], ['5.5.0', 'JSON'], ['5.5.0', 'ROCKETMQ']] as const) {
    const those = frames.filter((frame) => frame.version === version && frame.serialize === serialize);
    const codes = new Set(those.map((frame) => frame.requestCode));
    expect([...codes].toSorted((a, b) => a - b)).toEqual(expect.arrayContaining([11, 14, 15, 34, 35, 36, 37, 38, 39, 40, 41, 42, 103, 104, 105, 310, 320]));
  }
});

describe.each(frames.map((frame) => [title(frame), frame] as const))('%s', (_title, frame) => {
  const bytes = Buffer.from(frame.hex, 'hex');
  const command = decode(bytes);
  const header = readHeader(bytes);

  it('decodes as an independent reader decodes it', () => {
    verifies('golden-frames');
    expect(command).toMatchObject({ code: header.code, opaque: header.opaque });
    expect(isResponse(command)).toBe(frame.kind === 'response');
    expect(command.extFields ?? {}).toEqual(header.extFields);
    expect(command.body?.length ?? 0).toBe(bytes.length - header.endOffset);
  });

  it('means the same when it is encoded again', () => {
    const writer = createFrameWriter();
    writer.writeCommand(command);
    const again = decode(Buffer.concat(writer.take()));
    for (const key of ['code', 'opaque', 'flag', 'language', 'version', 'remark', 'extFields'] as const) expect(again[key]).toEqual(command[key]);
    expect(again.body).toEqual(command.body);
  });

  it('splits anywhere', () => {
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const commands: RemotingCommand[] = [];
      const decoder = createFrameDecoder();
      for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) decoder.push(part, (item) => commands.push(item));
      expect(commands).toHaveLength(1);
      expect(commands[0]?.opaque).toBe(header.opaque);
    }
  });

  const codec = (frame.kind === 'request' ? requestHeaders : responseHeaders)[frame.requestCode];
  const hasHeader = codec !== undefined && (frame.kind === 'request' || frame.responseCode === ResponseCode.SUCCESS);
  when(hasHeader, 'has a typed header that encodes to the same fields', () => {
    expect(withoutNoise(codec?.(command))).toEqual(withoutNoise(header.extFields));
  });

  when(frame.kind === 'request' && [310, 320].includes(frame.requestCode), 'is read the same by the scanner', () => {
    const scanned = decodeSendMessage(command);
    const plain = sendMessageV2Header.decodeCommand(command);
    for (const key of ['topic', 'producerGroup', 'queueId', 'sysFlag', 'bornTimestamp', 'flag', 'batch', 'reconsumeTimes'] as const) {
      expect(scanned[key], key).toEqual(plain[key]);
    }
  });

  when(frame.kind === 'request' && frame.requestCode === 11, 'is read the same by the scanner of pulls', () => {
    expect(decodePullMessage(command)).toMatchObject(JSON.parse(JSON.stringify(pullMessageHeader.decodeCommand(command))));
  });

  const body = command.body ?? Buffer.alloc(0);
  when(body.length > 0 && bodyRoundTrip(frame, body) !== undefined, 'has a body that means the same when it is encoded again', () => {
    const [before, after] = bodyRoundTrip(frame, body) ?? [];
    expect(after).toEqual(before);
  });

  const holdsRecords = body.length > 0 && ((frame.kind === 'response' && frame.requestCode === 11) || frame.requestCode === 39);
  when(holdsRecords, 'holds records that encode to the same bytes', () => {
    const records = decodeRecords(body);
    expect(records.reduce((sum, record) => sum + record.storeSizeBytes, 0)).toBe(body.length);
    let at = 0;
    for (const record of records) {
      expect(verifyRecord(body, at)).toMatchObject({ status: 'valid' });
      const target = Buffer.alloc(record.storeSizeBytes);
      const parts = { ...record, topicBytes: Buffer.from(record.topic), bornHost: encodeHost(record.bornHost), storeHost: encodeHost(record.storeHost), properties: record.propertiesBytes };
      encodeRecord(target, 0, parts, record);
      expect(target.toString('hex')).toBe(body.subarray(at, at + record.storeSizeBytes).toString('hex'));
      at += record.storeSizeBytes;
    }
    for (let cut = 0; cut < body.length; cut += 1) {
      expect(() => decodeRecord(Buffer.from(body.subarray(0, Math.min(cut, (records[0]?.storeSizeBytes ?? 1) - 1))))).toThrow(expect.objectContaining({ code: 'RECORD_INVALID' }));
    }
  });
});

/** A body before and after decoding and encoding, by what it says; undefined for codes without one. */
function bodyRoundTrip(frame: GoldenFrame, body: Buffer): readonly [unknown, unknown] | undefined {
  const json = (bytes: Buffer): unknown => parseFastjson(bytes.toString());
  if (frame.kind === 'request') {
    if (frame.requestCode === 34) return [decodeHeartbeat(body), decodeHeartbeat(encodeHeartbeat(decodeHeartbeat(body)))];
    if (frame.requestCode === 41 || frame.requestCode === 42) return [decodeLockBatch(body), decodeLockBatch(encodeLockBatch(decodeLockBatch(body)))];
    if (frame.requestCode === 320) return [body.toString('hex'), encodeBatch(decodeBatch(body).map((entry) => ({ ...entry, properties: entry.properties.toString() }))).toString('hex')];
    if (frame.requestCode === 103) {
      const read = (bytes: Buffer) => decodeRegisterBrokerBody(bytes, { compressed: false, senderVersion: frame.version === '4.9.7' ? 407 : 513 });
      return [read(body), read(encodeRegisterBrokerBody(read(body), { compressed: false }))];
    }
  } else if (frame.responseCode === ResponseCode.SUCCESS) {
    if (frame.requestCode === 105) return [decodeRoute(body), decodeRoute(encodeRoute(decodeRoute(body), { standardJson: false }))];
    if (frame.requestCode === 106) return [json(body), { ...(json(body) as object), ...(json(encodeClusterInfo(decodeClusterInfo(body))) as object) }];
    if (frame.requestCode === 38) return [json(body), json(encodeConsumerIdList(decodeConsumerIdList(body)))];
    if (frame.requestCode === 41) return [decodeLockBatchResult(body), decodeLockBatchResult(encodeLockBatchResult(decodeLockBatchResult(body)))];
  }
  return undefined;
}
