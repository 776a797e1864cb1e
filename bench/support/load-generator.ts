/**
 * A load generator that speaks frames by hand, so that its own cost stays small and equal for every broker. Runs as a process of
 * its own; the arguments are one JSON object (`LoadOptions`); prints one JSON object (`LoadResult`).
 */
import type { Socket } from 'node:net';
import { bodyStart, codeOf, frameReader, maxOffset, opaqueAt, opaqueOf, open, pullFrame, sendFrame } from './raw-frames.js';

export interface LoadOptions {
  readonly port: number;
  readonly topics: readonly string[];
  readonly queues: number;
  readonly connections: number;
  readonly inFlight: number;
  readonly bodyBytes: number;
  readonly seconds: number;
  /** Ends when so many were sent, if that is before `seconds` are over. */
  readonly messagesMax?: number | undefined;
  /** Also pull every queue at its tail while sending. */
  readonly consume: boolean;
}

export interface LoadResult {
  readonly sent: number;
  readonly consumed: number;
  /** Answers with messages that brought what was consumed. */
  readonly pulls: number;
  readonly seconds: number;
  /** Round-trip of a sample of sends, milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const firstOpaque = 1_000_000_000;
const suspendWithSubscription = 6;

interface SenderState {
  sent: number;
  stopped: boolean;
  readonly samples: number[];
  readonly messagesMax: number;
  /** Called when `messagesMax` are sent. */
  onEnough: () => void;
}

class Sender {
  readonly #socket: Socket;
  readonly #templates: { bytes: Buffer; opaqueAt: number; keyAt: number }[] = [];
  readonly #state: SenderState;
  #next = 0;
  #open = 0;
  #sampleOpaque = 0;
  #sampleStart = 0;
  onIdle: () => void = () => undefined;

  constructor(socket: Socket, options: LoadOptions, state: SenderState, index: number) {
    this.#socket = socket;
    this.#state = state;
    const body = Buffer.alloc(options.bodyBytes, 0x61);
    for (const topic of options.topics) {
      for (let queue = 0; queue < options.queues; queue += 1) {
        const properties = `UNIQ_KEY\u0001${'0'.repeat(32)}\u0002WAIT\u0001true\u0002TAGS\u0001TagA`;
        const bytes = sendFrame({ topic, queueId: queue, opaque: firstOpaque, properties }, body);
        this.#templates.push({
          bytes,
          opaqueAt: opaqueAt(bytes),
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
    if (codeOf(bytes) !== 0) throw new Error(`refused: ${bytes.subarray(8, 400).toString()}`);
    this.#open -= 1;
    this.#state.sent += 1;
    if (this.#sampleOpaque !== 0 && opaqueOf(bytes) === this.#sampleOpaque) {
      this.#state.samples.push(performance.now() - this.#sampleStart);
      this.#sampleOpaque = 0;
    }
    if (this.#state.sent >= this.#state.messagesMax) {
      this.#state.stopped = true;
      this.#state.onEnough();
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
  pulls = 0;
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
    this.#socket.write(pullFrame(opaque, position.topic, position.queueId, position.offset, suspendWithSubscription));
  }

  #onAnswer(bytes: Buffer): void {
    const opaque = opaqueOf(bytes);
    const position = this.#positions.get(opaque);
    if (position === undefined) return;
    if (codeOf(bytes) === 0) {
      this.pulls += 1;
      let at = bodyStart(bytes);
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

async function main(options: LoadOptions): Promise<LoadResult> {
  const { messagesMax = Number.POSITIVE_INFINITY } = options;
  const state: SenderState = { sent: 0, stopped: false, samples: [], messagesMax, onEnough: () => undefined };
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
  await new Promise<void>((resolve) => {
    state.onEnough = resolve;
    setTimeout(resolve, options.seconds * 1000);
  });
  const consumed = pullers.reduce((sum, puller) => sum + puller.consumed, 0);
  const pulls = pullers.reduce((sum, puller) => sum + puller.pulls, 0);
  const { sent } = state;
  const seconds = (performance.now() - started) / 1000;
  state.stopped = true;
  await Promise.all(
    senders.map((sender) => new Promise<void>((resolve) => (sender.open === 0 ? resolve() : (sender.onIdle = resolve)))),
  );
  state.samples.sort((a, b) => a - b);
  const quantile = (q: number): number =>
    state.samples[Math.min(state.samples.length - 1, Math.floor(state.samples.length * q))] ?? 0;
  return { sent, consumed, pulls, seconds, p50: quantile(0.5), p99: quantile(0.99) };
}

const result = await main(JSON.parse(process.argv[2] ?? '{}') as LoadOptions);
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
