/**
 * Reads a topic from its first message to its last, as consumers that were away do: one pull at a time per queue. Checks that no offset
 * is left out, and a sample of the bodies by their CRC. A process of its own; the argument is one JSON object (`CatchUpOptions`), prints one
 * (`CatchUpResult`).
 */
import type { Socket } from 'node:net';
import { crc32 } from 'node:zlib';
import { bodyStart, codeOf, frameReader, maxOffset, opaqueOf, open, pullFrame } from './raw-frames.js';

export interface CatchUpOptions {
  readonly port: number;
  readonly topics: readonly string[];
  readonly queues: number;
  /** Queues are spread over them. */
  readonly connections: number;
  /** Begins anew at the first message until so many seconds are over; 0: reads once. */
  readonly seconds: number;
  /** Queues begin at different places, so that all parts of the log are read at once. Default: at their first message. */
  readonly isStaggered?: boolean | undefined;
}

export interface CatchUpResult {
  readonly messages: number;
  readonly pulls: number;
  readonly seconds: number;
}

const firstOpaque = 1_000_000_000;
const withSubscription = 4;
/** Every so-manieth body is checked. */
const checkedEvery = 32;
const staggeredPlaces = 64;
const bodyAt = 88;

interface Position {
  readonly topic: string;
  readonly queueId: number;
  readonly end: number;
  offset: number;
}

function check(bytes: Buffer, at: number, position: Position): void {
  const offset = bytes.readInt32BE(at + 20) * 2 ** 32 + bytes.readUInt32BE(at + 24);
  if (offset !== position.offset) {
    throw new Error(`${position.topic}/${position.queueId}: offset ${offset} where ${position.offset} was due`);
  }
  if (offset % checkedEvery !== 0) return;
  const length = bytes.readInt32BE(at + bodyAt - 4);
  const crc = crc32(bytes.subarray(at + bodyAt, at + bodyAt + length)) & 0x7fffffff;
  if (crc !== bytes.readInt32BE(at + 8)) throw new Error(`${position.topic}/${position.queueId}: message ${offset} is damaged`);
}

class Reader {
  messages = 0;
  pulls = 0;
  readonly done: Promise<void>;
  readonly #socket: Socket;
  readonly #positions: readonly Position[];
  readonly #isOver: () => boolean;
  #unfinished: number;
  #finish: () => void = () => undefined;

  constructor(socket: Socket, positions: readonly Position[], isOver: () => boolean) {
    this.#socket = socket;
    this.#positions = positions;
    this.#isOver = isOver;
    this.#unfinished = positions.length;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    const read = frameReader((bytes) => this.#onAnswer(bytes));
    socket.on('data', read);
    if (positions.length === 0) this.#finish();
    for (const index of positions.keys()) this.#pull(index);
  }

  #pull(index: number): void {
    const { topic, queueId, offset } = this.#positions[index] as Position;
    this.#socket.write(pullFrame(firstOpaque + index, topic, queueId, offset, withSubscription));
  }

  #onAnswer(bytes: Buffer): void {
    const index = opaqueOf(bytes) - firstOpaque;
    const position = this.#positions[index] as Position;
    if (codeOf(bytes) !== 0) throw new Error(`refused: ${bytes.subarray(8, 400).toString()}`);
    this.pulls += 1;
    for (let at = bodyStart(bytes); at < bytes.length; at += bytes.readInt32BE(at)) {
      check(bytes, at, position);
      position.offset += 1;
      this.messages += 1;
    }
    if (position.offset >= position.end) {
      if (this.#isOver()) {
        this.#unfinished -= 1;
        if (this.#unfinished === 0) this.#finish();
        return;
      }
      position.offset = 0;
    }
    this.#pull(index);
  }
}

async function main(options: CatchUpOptions): Promise<CatchUpResult> {
  const positions: Position[] = [];
  for (const topic of options.topics) {
    for (let queueId = 0; queueId < options.queues; queueId += 1) {
      const end = await maxOffset(options.port, topic, queueId);
      const part = options.isStaggered === true ? (positions.length % staggeredPlaces) / staggeredPlaces : 0;
      if (end > 0) positions.push({ topic, queueId, end, offset: Math.floor(end * part) });
    }
  }
  const started = performance.now();
  const isOver = (): boolean => performance.now() - started >= options.seconds * 1000;
  const readers: Reader[] = [];
  for (let index = 0; index < options.connections; index += 1) {
    const own = positions.filter((_, at) => at % options.connections === index);
    readers.push(new Reader(await open(options.port), own, isOver));
  }
  await Promise.all(readers.map((reader) => reader.done));
  return {
    messages: readers.reduce((sum, reader) => sum + reader.messages, 0),
    pulls: readers.reduce((sum, reader) => sum + reader.pulls, 0),
    seconds: (performance.now() - started) / 1000,
  };
}

const result = await main(JSON.parse(process.argv[2] ?? '{}') as CatchUpOptions);
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
