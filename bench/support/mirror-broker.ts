/**
 * A cluster of one broker inside the process of a benchmark, so cheap that what remains is the client's cost: it cuts frames and
 * finds the few fields it needs by searching the header's text, and keeps records in memory. Knows the requests of one
 * producer and one consumer of one topic. Answers leave in chunks of 64 KiB at the end of the turn, as a socket hands them out.
 */
import { encodeConsumerIdList, encodeHost, encodeRecord, encodeRoute, RequestCode, recordSizeBytes } from '@orbitmq/protocol';
import type { ByteStream, ByteStreamHandlers, Dialer } from '@orbitmq/remoting';

const chunkBytes = 64 * 1024;
const brokerAddr = '127.0.0.1:10911';
const host = encodeHost(brokerAddr);
const noBytes = Buffer.alloc(0);

interface HeldPull {
  readonly stream: MirrorStream;
  readonly opaque: number;
  readonly offset: number;
}

class MirrorQueue {
  readonly records: (Buffer | undefined)[] = [];
  #held: HeldPull | undefined;

  hold(pull: HeldPull): void {
    this.#held = pull;
  }

  /** Answers the pull that waits on this stream, when there is something for it. */
  serve(stream: MirrorStream): void {
    if (this.#held?.stream !== stream) return;
    const { opaque, offset } = this.#held;
    const count = Math.min(32, this.records.length - offset);
    if (count <= 0) return;
    this.#held = undefined;
    const records = this.records.slice(offset, offset + count) as Buffer[];
    this.records.fill(undefined, offset, offset + count);
    const fields = { nextBeginOffset: offset + count, minOffset: 0, maxOffset: this.records.length };
    const texts = Object.entries(fields).map(([name, value]) => `"${name}":"${value}"`);
    stream.answer(opaque, `"suggestWhichBrokerId":"0",${texts.join(',')}`, records);
  }
}

class MirrorStream implements ByteStream {
  readonly remoteAddress = brokerAddr;
  readonly localAddress = '127.0.0.1:50000';
  readonly copiesWrites = true;
  readonly pendingWriteBytes = 0;
  readonly #mirror: MirrorBroker;
  #handlers: ByteStreamHandlers | undefined;
  #rest: Buffer = noBytes;
  #output: Buffer = Buffer.allocUnsafe(chunkBytes);
  #outputBytes = 0;
  #isDue = false;

  constructor(mirror: MirrorBroker) {
    this.#mirror = mirror;
  }

  attach(handlers: ByteStreamHandlers): void {
    this.#handlers = handlers;
  }

  write(chunks: readonly Buffer[]): boolean {
    const bytes = Buffer.concat([this.#rest, ...chunks]);
    let at = 0;
    while (bytes.length - at >= 4 && bytes.length - at >= bytes.readInt32BE(at) + 4) {
      const end = at + 4 + bytes.readInt32BE(at);
      this.#mirror.take(this, bytes, at, end);
      at = end;
    }
    this.#rest = bytes.subarray(at);
    this.#later();
    return true;
  }

  answer(opaque: number, fields: string, body: readonly Buffer[], code = 0): void {
    const header = `{"code":${code},"extFields":{${fields}},"flag":1,"language":"OTHER","opaque":${opaque},"serializeTypeCurrentRPC":"JSON","version":473}`;
    let bodyBytes = 0;
    for (const piece of body) bodyBytes += piece.length;
    const start = Buffer.allocUnsafe(8 + header.length);
    start.writeInt32BE(4 + header.length + bodyBytes, 0);
    start.writeInt32BE(header.length, 4);
    start.write(header, 8, 'latin1');
    this.#put(start);
    for (const piece of body) this.#put(piece);
  }

  pause(): void {}
  resume(): void {}

  end(): void {
    this.destroy();
  }

  destroy(): void {
    this.#handlers?.onClose(undefined);
    this.#handlers = undefined;
  }

  #put(piece: Buffer): void {
    let at = 0;
    while (at < piece.length) {
      const count = piece.copy(this.#output, this.#outputBytes, at);
      this.#outputBytes += count;
      at += count;
      if (this.#outputBytes === chunkBytes) this.#emit();
    }
  }

  #later(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#mirror.serve(this);
      if (this.#outputBytes > 0) this.#emit();
    });
  }

  #emit(): void {
    const chunk = Buffer.from(this.#output.subarray(0, this.#outputBytes));
    this.#outputBytes = 0;
    setImmediate(() => this.#handlers?.onData(chunk));
  }
}

export class MirrorBroker implements Dialer {
  readonly #topic: string;
  readonly #topicBytes: Buffer;
  readonly #queues: MirrorQueue[];
  readonly #route: Buffer;
  #clientId = '';
  #physicalOffset = 0;

  constructor(topic: string, queueCount: number) {
    this.#topic = topic;
    this.#topicBytes = Buffer.from(topic);
    this.#queues = Array.from({ length: queueCount }, () => new MirrorQueue());
    const queueData = { brokerName: 'broker-a', readQueueNums: queueCount, writeQueueNums: queueCount, perm: 6, topicSysFlag: 0 };
    const brokerDatas = [{ cluster: 'c', brokerName: 'broker-a', brokerAddrs: { '0': brokerAddr } }];
    this.#route = encodeRoute({ brokerDatas, queueDatas: [queueData] }, { standardJson: true });
  }

  dial(): Promise<ByteStream> {
    return Promise.resolve(new MirrorStream(this));
  }

  serve(stream: MirrorStream): void {
    for (const queue of this.#queues) queue.serve(stream);
  }

  take(stream: MirrorStream, bytes: Buffer, start: number, end: number): void {
    const headerEnd = start + 8 + (bytes.readInt32BE(start + 4) & 0xffffff);
    const header = bytes.toString('latin1', start + 8, headerEnd);
    const opaque = numberBehind(header, '"opaque":', header.lastIndexOf('"opaque":'));
    switch (numberBehind(header, '"code":', 1)) {
      case RequestCode.SEND_MESSAGE_V2:
        this.#store(stream, opaque, header, bytes.subarray(headerEnd, end));
        return;
      case RequestCode.PULL_MESSAGE:
        if (header.includes(`"topic":"${this.#topic}"`)) {
          const queue = this.#queues[numberBehind(header, '"queueId":"')];
          queue?.hold({ stream, opaque, offset: numberBehind(header, '"queueOffset":"') });
        }
        return;
      case RequestCode.GET_ROUTEINFO_BY_TOPIC:
        if (header.includes(`"topic":"${this.#topic}"`)) stream.answer(opaque, '', [this.#route]);
        else stream.answer(opaque, '', [], 17);
        return;
      case RequestCode.HEART_BEAT:
        this.#clientId = (JSON.parse(bytes.toString('utf8', headerEnd, end)) as { clientID: string }).clientID;
        stream.answer(opaque, '', []);
        return;
      case RequestCode.GET_CONSUMER_LIST_BY_GROUP:
        stream.answer(opaque, '', [encodeConsumerIdList([this.#clientId])]);
        return;
      default:
        stream.answer(opaque, '"offset":"0"', []);
    }
  }

  #store(stream: MirrorStream, opaque: number, header: string, body: Buffer): void {
    const queueId = numberBehind(header, '"e":"');
    const propertiesStart = header.indexOf('"i":"') + 5;
    const properties = header.slice(propertiesStart, header.indexOf('"}', propertiesStart));
    const queue = this.#queues[queueId];
    if (queue === undefined) return;
    const parts = {
      topicBytes: this.#topicBytes,
      queueId,
      flag: 0,
      sysFlag: 0,
      bornTimestamp: numberBehind(header, '"g":"'),
      bornHost: host,
      storeHost: host,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body,
      properties: Buffer.from(properties.replaceAll('\\u0001', '\u0001').replaceAll('\\u0002', '\u0002')),
    };
    const record = Buffer.allocUnsafe(recordSizeBytes(parts));
    const queueOffset = queue.records.length;
    const place = { queueOffset, physicalOffset: this.#physicalOffset, storeTimestamp: parts.bornTimestamp };
    this.#physicalOffset += encodeRecord(record, 0, parts, place);
    queue.records.push(record);
    const fields = `"queueId":"${queueId}","TRACE_ON":"true","MSG_REGION":"DefaultRegion","msgId":"7F00000100002A9F${place.physicalOffset.toString(16).toUpperCase().padStart(16, '0')}","queueOffset":"${queueOffset}"`;
    stream.answer(opaque, fields, []);
  }
}

function numberBehind(text: string, name: string, from = 0): number {
  let at = text.indexOf(name, from) + name.length;
  let value = 0;
  for (let digit = text.charCodeAt(at) - 0x30; digit >= 0 && digit <= 9; digit = text.charCodeAt(++at) - 0x30) {
    value = value * 10 + digit;
  }
  return value;
}
