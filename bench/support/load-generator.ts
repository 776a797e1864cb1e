/**
 * A load generator that speaks frames by hand, so that its own cost stays small and equal for every broker. Runs as a process of
 * its own; the arguments are one JSON object (`LoadOptions`); prints one JSON object (`LoadResult`).
 */
import { connect, type Socket } from 'node:net';

export interface LoadOptions {
  readonly port: number;
  readonly topics: readonly string[];
  readonly queues: number;
  readonly connections: number;
  readonly inFlight: number;
  readonly bodyBytes: number;
  readonly seconds: number;
  /** Also pull every queue at its tail while sending. */
  readonly consume: boolean;
}

export interface LoadResult {
  readonly sent: number;
  readonly consumed: number;
  readonly seconds: number;
  /** Round-trip of a sample of sends, milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const firstOpaque = 1_000_000_000;

function frame(header: object, body: Buffer | undefined): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = 4 + json.length + (body?.length ?? 0);
  const head = Buffer.alloc(8);
  head.writeInt32BE(length, 0);
  head.writeInt32BE(json.length, 4);
  return body === undefined ? Buffer.concat([head, json]) : Buffer.concat([head, json, body]);
}

/** Calls `onFrame` for every whole frame; keeps the rest. */
function frameReader(onFrame: (bytes: Buffer) => void): (chunk: Buffer) => void {
  let pending: Buffer | undefined;
  return (chunk) => {
    let bytes = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
    let at = 0;
    while (bytes.length - at >= 4) {
      const end = at + 4 + bytes.readInt32BE(at);
      if (bytes.length < end) break;
      onFrame(bytes.subarray(at, end));
      at = end;
    }
    pending = at === bytes.length ? undefined : bytes.subarray(at);
    bytes = chunk;
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

class Sender {
  readonly #socket: Socket;
  readonly #templates: { bytes: Buffer; opaqueAt: number; keyAt: number }[] = [];
  readonly #state: { sent: number; stopped: boolean; samples: number[] };
  #next = 0;
  #open = 0;
  #sampleOpaque = 0;
  #sampleStart = 0;
  onIdle: () => void = () => undefined;

  constructor(socket: Socket, options: LoadOptions, state: { sent: number; stopped: boolean; samples: number[] }, index: number) {
    this.#socket = socket;
    this.#state = state;
    const body = Buffer.alloc(options.bodyBytes, 0x61);
    for (const topic of options.topics) {
      for (let queue = 0; queue < options.queues; queue += 1) {
        const properties = `UNIQ_KEY\u0001${'0'.repeat(32)}\u0002WAIT\u0001true\u0002TAGS\u0001TagA`;
        const extFields = {
          a: 'PG_LOAD',
          b: topic,
          c: 'TBW102',
          d: '4',
          e: String(queue),
          f: '0',
          g: String(Date.now()),
          h: '0',
          i: properties,
          j: '0',
          k: 'false',
          m: 'false',
          n: 'broker-a',
        };
        const bytes = frame(
          { code: 310, extFields, flag: 0, language: 'JAVA', opaque: firstOpaque, serializeTypeCurrentRPC: 'JSON', version: 409 },
          body,
        );
        this.#templates.push({
          bytes,
          opaqueAt: bytes.indexOf(opaqueMark) + opaqueMark.length,
          keyAt: bytes.indexOf('0'.repeat(32)),
        });
      }
    }
    this.#next = index * 7;
    const read = frameReader((bytes) => this.#onAnswer(bytes));
    socket.on('data', (chunk) => {
      socket.cork();
      read(chunk);
      socket.uncork();
    });
  }

  #onAnswer(bytes: Buffer): void {
    if (numberAfter(bytes, codeMark) !== 0) throw new Error(`refused: ${bytes.subarray(8, 400).toString()}`);
    this.#open -= 1;
    this.#state.sent += 1;
    if (this.#sampleOpaque !== 0 && numberAfter(bytes, opaqueMark) === this.#sampleOpaque) {
      this.#state.samples.push(performance.now() - this.#sampleStart);
      this.#sampleOpaque = 0;
    }
    if (!this.#state.stopped) this.send();
    else if (this.#open === 0) this.onIdle();
  }

  get open(): number {
    return this.#open;
  }

  send(): void {
    this.#next += 1;
    const template = this.#templates[this.#next % this.#templates.length];
    if (template === undefined) throw new Error('no template');
    const opaque = firstOpaque + (this.#next % firstOpaque);
    const bytes = Buffer.from(template.bytes);
    bytes.write(String(opaque), template.opaqueAt, 'latin1');
    bytes.write(opaque.toString(16).toUpperCase(), template.keyAt, 'latin1');
    if (this.#sampleOpaque === 0) {
      this.#sampleOpaque = opaque;
      this.#sampleStart = performance.now();
    }
    this.#open += 1;
    this.#socket.write(bytes);
  }
}

/** Pulls one queue at its tail, one request at a time; checks that queue offsets have no gap. */
class Puller {
  consumed = 0;
  readonly #socket: Socket;
  readonly #positions = new Map<number, { topic: string; queueId: number; offset: number }>();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on(
      'data',
      frameReader((bytes) => this.#onAnswer(bytes)),
    );
  }

  start(opaque: number, topic: string, queueId: number, offset: number): void {
    this.#positions.set(opaque, { topic, queueId, offset });
    this.#pull(opaque);
  }

  #pull(opaque: number): void {
    const position = this.#positions.get(opaque);
    if (position === undefined) throw new Error('an answer nobody asked for');
    const extFields = {
      consumerGroup: 'CG_LOAD',
      topic: position.topic,
      queueId: String(position.queueId),
      queueOffset: String(position.offset),
      maxMsgNums: '32',
      sysFlag: '6',
      commitOffset: '0',
      suspendTimeoutMillis: '15000',
      subscription: '*',
      subVersion: '0',
      expressionType: 'TAG',
    };
    this.#socket.write(
      frame({ code: 11, extFields, flag: 0, language: 'JAVA', opaque, serializeTypeCurrentRPC: 'JSON', version: 409 }, undefined),
    );
  }

  #onAnswer(bytes: Buffer): void {
    const opaque = numberAfter(bytes, opaqueMark);
    const position = this.#positions.get(opaque);
    if (position === undefined) return;
    if (numberAfter(bytes, codeMark) === 0) {
      let at = 8 + (bytes.readInt32BE(4) & 0xffffff);
      while (at < bytes.length) {
        const offset = Number(bytes.readBigInt64BE(at + 20));
        if (offset !== position.offset)
          throw new Error(`queue ${position.queueId}: offset ${offset} where ${position.offset} was due`);
        position.offset += 1;
        this.consumed += 1;
        at += bytes.readInt32BE(at);
      }
    }
    this.#pull(opaque);
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

async function maxOffset(port: number, topic: string, queueId: number): Promise<number> {
  const socket = await open(port);
  const answer = new Promise<Buffer>((resolve) => socket.on('data', frameReader(resolve)));
  socket.write(
    frame(
      { code: 30, extFields: { topic, queueId: String(queueId) }, flag: 0, language: 'JAVA', opaque: 1, version: 409 },
      undefined,
    ),
  );
  const bytes = await answer;
  socket.destroy();
  return Number(/"offset":"(\d+)"/.exec(bytes.toString())?.[1] ?? 0);
}

async function main(options: LoadOptions): Promise<LoadResult> {
  const state = { sent: 0, stopped: false, samples: [] as number[] };
  const pullers: Puller[] = [];
  if (options.consume) {
    const starts: { topic: string; queue: number; offset: number }[] = [];
    for (const topic of options.topics) {
      for (let queue = 0; queue < options.queues; queue += 1)
        starts.push({ topic, queue, offset: await maxOffset(options.port, topic, queue) });
    }
    const puller = new Puller(await open(options.port));
    pullers.push(puller);
    starts.forEach((start, index) => puller.start(firstOpaque + index, start.topic, start.queue, start.offset));
  }
  const senders: Sender[] = [];
  for (let index = 0; index < options.connections; index += 1)
    senders.push(new Sender(await open(options.port), options, state, index));
  const started = performance.now();
  for (const sender of senders) for (let n = 0; n < options.inFlight; n += 1) sender.send();
  await new Promise((resolve) => setTimeout(resolve, options.seconds * 1000));
  const consumed = pullers.reduce((sum, puller) => sum + puller.consumed, 0);
  const { sent } = state;
  const seconds = (performance.now() - started) / 1000;
  state.stopped = true;
  await Promise.all(
    senders.map((sender) => new Promise<void>((resolve) => (sender.open === 0 ? resolve() : (sender.onIdle = resolve)))),
  );
  state.samples.sort((a, b) => a - b);
  const quantile = (q: number): number =>
    state.samples[Math.min(state.samples.length - 1, Math.floor(state.samples.length * q))] ?? 0;
  return { sent, consumed, seconds, p50: quantile(0.5), p99: quantile(0.99) };
}

const result = await main(JSON.parse(process.argv[2] ?? '{}') as LoadOptions);
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
