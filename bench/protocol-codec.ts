/**
 * What a send and a pull cost in the codecs, against `JSON.parse` and `JSON.stringify` of the same headers. Prints
 * nanoseconds per operation (best of many short rounds) and the ratio. Run: `node --import tsx --conditions=@orbitmq/source bench/protocol-codec.ts`.
 */
import {
  createFrameDecoder,
  createFrameWriter,
  createRequest,
  decodePullMessage,
  decodeRecords,
  decodeSendMessage,
  encodeHost,
  encodeOffsetMessageId,
  encodeRecord,
  findProperty,
  pullMessageHeader,
  type RecordParts,
  type RemotingCommand,
  recordSizeBytes,
  SerializeType,
  sendMessageV2Header,
  writePullMessageResponse,
  writeSendMessageResponse,
} from '@orbitmq/protocol';

/** Many short rounds: on a busy machine the best of them was hardly disturbed. */
const rounds = 100;
const operationsPerRound = 3200;
const warmUpOperations = 100_000;
const frames = 64;

const sendHeader =
  '{"code":310,"extFields":{"a":"PG_A","b":"TopicT","c":"TBW102","d":"4","e":"3","f":"0","g":"1795216927080","h":"0","i":"color\\u0001red\\u0002KEYS\\u0001key0\\u0002UNIQ_KEY\\u0001C0000202200C5FFD2B2766DC81680000\\u0002WAIT\\u0001true\\u0002TAGS\\u0001TagA","j":"0","k":"false","m":"false","n":"broker-a"},"flag":0,"language":"JAVA","opaque":6,"serializeTypeCurrentRPC":"JSON","version":409}';
const pullHeader =
  '{"code":11,"extFields":{"queueId":"0","maxMsgNums":"32","sysFlag":"2","suspendTimeoutMillis":"15000","commitOffset":"0","bname":"broker-a","topic":"TopicT","queueOffset":"0","expressionType":"TAG","subVersion":"1795216928231","consumerGroup":"CG_A"},"flag":0,"language":"JAVA","opaque":45,"version":409}';
const body = Buffer.alloc(1024, 0x61);

function frameOf(header: string, payload: Buffer): Buffer {
  const bytes = Buffer.from(header);
  const prefix = Buffer.alloc(8);
  prefix.writeInt32BE(4 + bytes.length + payload.length, 0);
  prefix.writeInt32BE(bytes.length, 4);
  return Buffer.concat([prefix, bytes, payload]);
}

/** Keeps results alive, so that no work is optimised away. */
let sink = 0;
const results = new Map<string, number>();

/** `operation` does `batch` of what is measured. */
function measure(name: string, batch: number, operation: () => void): void {
  for (let done = 0; done < warmUpOperations; done += batch) operation();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (let done = 0; done < operationsPerRound; done += batch) operation();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / operationsPerRound);
  }
  results.set(name, best);
}

function compare(name: string, baseline: string): void {
  const own = results.get(name) ?? Number.NaN;
  const other = results.get(baseline) ?? Number.NaN;
  console.log(`${name.padEnd(46)} ${own.toFixed(0).padStart(6)} ns   ${(other / own).toFixed(2)} × faster than ${baseline}`);
}

function chunkOf(header: string, payload: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: frames }, () => frameOf(header, payload)));
}

function binaryChunkOf(header: string, payload: Buffer): Buffer {
  const writer = createFrameWriter();
  createFrameDecoder().push(frameOf(header, payload), (command) => {
    for (let count = 0; count < frames; count++) {
      writer.writeCommand({ ...plain(command), serializeType: SerializeType.ROCKETMQ });
    }
  });
  return Buffer.concat(writer.take());
}

function plain(command: RemotingCommand): RemotingCommand {
  const { code, language, version, opaque, flag, remark, serializeType, extFields, body: payload } = command;
  return { code, language, version, opaque, flag, remark, serializeType, extFields, body: payload };
}

function measureDecoding(): void {
  const sendBytes = Buffer.from(sendHeader);
  const pullBytes = Buffer.from(pullHeader);
  const parse = (bytes: Buffer): { extFields: Record<string, string> } =>
    JSON.parse(bytes.toString('utf8')) as { extFields: Record<string, string> };
  measure('JSON.parse of a send header', 1, () => {
    sink += (parse(sendBytes).extFields.e ?? '').length;
  });
  measure('JSON.parse, typed send header, property bytes', 1, () => {
    const header = sendMessageV2Header.decode(parse(sendBytes).extFields);
    sink += header.queueId + Buffer.from(header.properties ?? '').length;
  });
  measure('JSON.parse, typed pull header', 1, () => {
    sink += pullMessageHeader.decode(parse(pullBytes).extFields).queueId;
  });
  const decoding = (chunk: Buffer, onCommand: (command: RemotingCommand) => void): (() => void) => {
    const decoder = createFrameDecoder();
    return () => decoder.push(chunk, onCommand);
  };
  const onSend = (command: RemotingCommand): void => {
    const header = decodeSendMessage(command);
    sink += header.queueId + (header.propertiesBytes?.length ?? 0) + (command.body?.length ?? 0);
  };
  const onPull = (command: RemotingCommand): void => {
    sink += decodePullMessage(command).queueOffset;
  };
  const onFixed = (command: RemotingCommand): void => {
    sink += command.code;
  };
  const onGeneric = (command: RemotingCommand): void => {
    sink += sendMessageV2Header.decodeCommand(command).queueId;
  };
  measure('frame with fixed fields', frames, decoding(chunkOf(sendHeader, body), onFixed));
  measure('frame and send header, JSON', frames, decoding(chunkOf(sendHeader, body), onSend));
  measure('frame and send header, binary', frames, decoding(binaryChunkOf(sendHeader, body), onSend));
  measure('frame and send header, generic', frames, decoding(chunkOf(sendHeader, body), onGeneric));
  measure('frame and pull header, JSON', frames, decoding(chunkOf(pullHeader, Buffer.alloc(0)), onPull));
  measure('frame and pull header, binary', frames, decoding(binaryChunkOf(pullHeader, Buffer.alloc(0)), onPull));
  const send = 'JSON.parse, typed send header, property bytes';
  compare('JSON.parse of a send header', send);
  for (const name of [
    'frame with fixed fields',
    'frame and send header, JSON',
    'frame and send header, binary',
    'frame and send header, generic',
  ]) {
    compare(name, send);
  }
  compare('frame and pull header, JSON', 'JSON.parse, typed pull header');
  compare('frame and pull header, binary', 'JSON.parse, typed pull header');
}

function measureEncoding(): void {
  const storeHost = encodeHost('10.0.0.11:10911');
  const slice = Buffer.alloc(40_000, 0x61);
  measure('JSON.stringify of a send answer', 1, () => {
    const extFields = {
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
      msgId: encodeOffsetMessageId(storeHost, 123456789 + (sink & 1)),
      queueId: '3',
      queueOffset: String(sink & 0xffff),
    };
    const header = { code: 0, extFields, flag: 1, language: 'OTHER', opaque: 7, serializeTypeCurrentRPC: 'JSON', version: 473 };
    sink += Buffer.from(JSON.stringify(header)).length;
  });
  const writer = createFrameWriter();
  const answering = (serializeType: SerializeType) => () => {
    for (let count = 0; count < frames; count++) {
      writeSendMessageResponse(writer, {
        opaque: count,
        serializeType,
        code: 0,
        remark: undefined,
        offsetMsgId: encodeOffsetMessageId(storeHost, 123456789 + count),
        queueId: 3,
        queueOffset: 100000 + count,
        transactionId: undefined,
        recallHandle: undefined,
        regionId: 'DefaultRegion',
        traceOn: true,
      });
    }
    sink += writer.take().length;
  };
  measure('send answer, JSON', frames, answering(SerializeType.JSON));
  measure('send answer, binary', frames, answering(SerializeType.ROCKETMQ));
  measure('pull answer, JSON', frames, () => {
    for (let count = 0; count < frames; count++) {
      writePullMessageResponse(writer, {
        opaque: 7,
        serializeType: SerializeType.JSON,
        code: 0,
        remark: 'FOUND',
        suggestWhichBrokerId: 0,
        nextBeginOffset: 1000 + count,
        minOffset: 0,
        maxOffset: 1_000_000,
        slices: [slice],
        sizeBytes: slice.length,
      });
    }
    sink += writer.take().length;
  });
  const extFields = (JSON.parse(sendHeader) as { extFields: Record<string, string> }).extFields;
  const request = createRequest(310, { extFields, body });
  measure('send request, JSON', frames, () => {
    for (let count = 0; count < frames; count++) writer.writeCommand(request);
    sink += writer.take().length;
  });
  for (const name of ['send answer, JSON', 'send answer, binary', 'pull answer, JSON', 'send request, JSON']) {
    compare(name, 'JSON.stringify of a send answer');
  }
}

function measureRecords(): void {
  const parts: RecordParts = {
    topicBytes: Buffer.from('TopicT'),
    queueId: 3,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1795216927080,
    bornHost: encodeHost('192.0.2.2:44930'),
    storeHost: encodeHost('10.0.0.11:10911'),
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body,
    properties: Buffer.from('KEYS\u0001key0\u0002UNIQ_KEY\u0001C0000202200C5FFD2B2766DC81680000\u0002TAGS\u0001TagA\u0002'),
  };
  const size = recordSizeBytes(parts);
  const log = Buffer.alloc(size * 32);
  const place = { queueOffset: 7, physicalOffset: 1000, storeTimestamp: 1795216927085 };
  measure('record written (with CRC of 1 KiB)', 32, () => {
    for (let at = 0; at < log.length; at += size) sink += encodeRecord(log, at, parts, place);
  });
  measure('record read', 32, () => {
    sink += decodeRecords(log).length;
  });
  measure('property found', 1, () => {
    sink += (findProperty(parts.properties, 'TAGS') ?? '').length;
  });
  for (const name of ['record written (with CRC of 1 KiB)', 'record read', 'property found']) {
    compare(name, 'JSON.parse of a send header');
  }
}

measureDecoding();
measureEncoding();
measureRecords();
console.log(`(${sink % 10})`);
