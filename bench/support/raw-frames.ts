/** Frames by hand, so that a load generator costs little, and the same for every broker. */
import { connect, type Socket } from 'node:net';

export function frame(header: object, body?: Buffer): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + json.length + (body?.length ?? 0), 0);
  head.writeInt32BE(json.length, 4);
  return body === undefined ? Buffer.concat([head, json]) : Buffer.concat([head, json, body]);
}

/** Calls `onFrame` for every whole frame; keeps the rest. */
export function frameReader(onFrame: (bytes: Buffer) => void): (chunk: Buffer) => void {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  return (chunk) => {
    let bytes = chunk;
    if (pendingBytes > 0) {
      pending.push(chunk);
      pendingBytes += chunk.length;
      const [first] = pending;
      if (first !== undefined && first.length >= 4 && pendingBytes < 4 + first.readInt32BE(0)) return;
      bytes = Buffer.concat(pending, pendingBytes);
    }
    let at = 0;
    while (bytes.length - at >= 4) {
      const end = at + 4 + bytes.readInt32BE(at);
      if (bytes.length < end) break;
      onFrame(bytes.subarray(at, end));
      at = end;
    }
    pending = at === bytes.length ? [] : [bytes.subarray(at)];
    pendingBytes = bytes.length - at;
  };
}

const codeMark = Buffer.from('"code":');
const opaqueMark = Buffer.from('"opaque":');

function numberAfter(bytes: Buffer, mark: Buffer): number {
  let at = bytes.indexOf(mark);
  if (at < 0) throw new Error(`no ${mark.toString()} in ${bytes.subarray(8, 300).toString()}`);
  at += mark.length;
  let value = 0;
  while ((bytes[at] ?? 0) >= 0x30 && (bytes[at] ?? 0) <= 0x39) {
    value = value * 10 + (bytes[at] ?? 0) - 0x30;
    at += 1;
  }
  return value;
}

export const codeOf = (bytes: Buffer): number => numberAfter(bytes, codeMark);
export const opaqueOf = (bytes: Buffer): number => numberAfter(bytes, opaqueMark);
/** Where the body of a frame begins. */
export const bodyStart = (bytes: Buffer): number => 8 + (bytes.readInt32BE(4) & 0xffffff);

/** Where a frame made by `frame` has its opaque, to write another one of as many digits. */
export const opaqueAt = (bytes: Buffer): number => bytes.indexOf(opaqueMark) + opaqueMark.length;

export function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Offset of the next message of a queue. */
export async function maxOffset(port: number, topic: string, queueId: number): Promise<number> {
  const socket = await open(port);
  const answer = new Promise<Buffer>((resolve) => socket.on('data', frameReader(resolve)));
  socket.write(
    frame({ code: 30, extFields: { topic, queueId: String(queueId) }, flag: 0, language: 'JAVA', opaque: 1, version: 409 }),
  );
  const bytes = await answer;
  socket.destroy();
  return Number(/"offset":"(\d+)"/.exec(bytes.toString())?.[1] ?? 0);
}

export interface SendFields {
  readonly topic: string;
  readonly queueId: number;
  readonly opaque: number;
  readonly properties: string;
}

export function sendFrame({ topic, queueId, opaque, properties }: SendFields, body: Buffer): Buffer {
  const extFields = {
    a: 'PG_LOAD',
    b: topic,
    c: 'TBW102',
    d: '4',
    e: String(queueId),
    f: '0',
    g: String(Date.now()),
    h: '0',
    i: properties,
    j: '0',
    k: 'false',
    m: 'false',
    n: 'broker-a',
  };
  return frame({ code: 310, extFields, flag: 0, language: 'JAVA', opaque, serializeTypeCurrentRPC: 'JSON', version: 409 }, body);
}

/** Sends one message over a connection of its own; gives the response code. */
export async function sendOne(port: number, topic: string): Promise<number> {
  const socket = await open(port);
  const answer = new Promise<Buffer>((resolve) => socket.on('data', frameReader(resolve)));
  socket.write(sendFrame({ topic, queueId: 0, opaque: 1, properties: 'UNIQ_KEY\u0001first' }, Buffer.from('first')));
  const code = codeOf(await answer);
  socket.destroy();
  return code;
}

export function pullFrame(opaque: number, topic: string, queueId: number, offset: number, sysFlag: number): Buffer {
  const extFields = {
    consumerGroup: 'CG_LOAD',
    topic,
    queueId: String(queueId),
    queueOffset: String(offset),
    maxMsgNums: '32',
    sysFlag: String(sysFlag),
    commitOffset: '0',
    suspendTimeoutMillis: '15000',
    subscription: '*',
    subVersion: '0',
    expressionType: 'TAG',
  };
  return frame({ code: 11, extFields, flag: 0, language: 'JAVA', opaque, serializeTypeCurrentRPC: 'JSON', version: 409 });
}
