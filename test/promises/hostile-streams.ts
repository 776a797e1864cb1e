/** What a hostile network could say to a broker or NameServer, from a seed: the same seed gives the same bytes. */
import {
  createFrameDecoder,
  createFrameWriter,
  flagOneway,
  isOneway,
  isResponse,
  type RemotingCommand,
  RequestCode,
  SerializeType,
} from '@orbitmq/protocol';
import type { SeededRandom } from '@orbitmq/testing';
import type { GoldenFrame } from '../golden/golden-frame.js';

/** Bytes of one connection. */
export interface HostileStream {
  readonly kind: string;
  readonly bytes: Buffer;
  /** Frames, or what stands in their place. */
  readonly frameCount: number;
  /** Numbers of requests in it that must each be answered, once; undefined: the bytes are no protocol. */
  readonly answered: ReadonlySet<number> | undefined;
}

const evilValues: readonly string[] = [
  '',
  '-1',
  '0',
  '2147483647',
  '2147483648',
  '-2147483649',
  '9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
  '99999999999999999999999999',
  'NaN',
  'Infinity',
  '1e9',
  '0x10',
  '1.5',
  ' 7 ',
  'null',
  'true',
  'undefined',
  '\u0000',
  '\u0001\u0002\u0001\u0002',
  '\ud800',
  '../../../../tmp/orbitmq-hostile',
  '/etc/passwd',
  '..',
  '.',
  'a/b',
  '__proto__',
  'constructor',
  '%RETRY%',
  '%DLQ%x',
  '%RETRY%%RETRY%x',
  'SCHEDULE_TOPIC_XXXX',
  'RMQ_SYS_TRANS_HALF_TOPIC',
  'RMQ_SYS_TRANS_OP_HALF_TOPIC',
  'TBW102',
  '*',
  'a || || b',
  'x'.repeat(128),
  'x'.repeat(40_000),
  '{"a":1}',
  '😀'.repeat(64),
];

const evilNames = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', 'x'.repeat(300), '\u0000', 'topic', 'queueId'];
const knownCodes: readonly number[] = Object.values(RequestCode);
const maxOpaque = 0x7fffffff;

function pick<Value>(random: SeededRandom, values: readonly Value[]): Value {
  return values[random.int(values.length)] as Value;
}

function frameOf(command: RemotingCommand): Buffer {
  const writer = createFrameWriter();
  writer.writeCommand(command);
  return Buffer.concat(writer.take());
}

function framed(type: number, header: Uint8Array | string, body: Buffer = Buffer.alloc(0)): Buffer {
  const headerBytes = Buffer.from(header);
  const prefix = Buffer.alloc(8);
  prefix.writeInt32BE(4 + headerBytes.length + body.length, 0);
  prefix.writeUInt32BE(type * 0x1000000 + headerBytes.length, 4);
  return Buffer.concat([prefix, headerBytes, body]);
}

function nested(open: string, depth: number, close: string): string {
  return open.repeat(depth) + close.repeat(depth);
}

/** Bodies that a JSON or batch decoder has to survive; one of no bytes is none. */
function evilBody(random: SeededRandom, body: Buffer): Buffer {
  const deep = 20_000;
  switch (random.int(10)) {
    case 0:
      return Buffer.alloc(0);
    case 1:
      return body.subarray(0, random.int(body.length + 1));
    case 2:
      return Buffer.from(random.bytes(random.int(3000)));
    case 3:
      return Buffer.from(nested('[', deep, ']'));
    case 4:
      return Buffer.from(nested('{"a":', deep, '}'));
    case 5:
      return Buffer.from('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"clientID":"__proto__"}');
    case 6:
      return Buffer.from(`{"consumerDataSet":[{"$ref":"$"}],"topicConfigTable":{"$ref":".."},"n":${'9'.repeat(5000)}}`);
    case 7:
      return Buffer.from('{"clientID":null,"consumerDataSet":{},"producerDataSet":[1,"a",null,[]],"mqSet":7}');
    default: {
      const changed = Buffer.from(body);
      for (let count = random.int(8); changed.length > 0 && count >= 0; count -= 1)
        changed[random.int(changed.length)] = random.int(256);
      return changed;
    }
  }
}

export class HostileStreams {
  readonly #random: SeededRandom;
  readonly #requests: readonly RemotingCommand[];
  readonly #golden: readonly Buffer[];
  #opaque = 0;

  constructor(random: SeededRandom, frames: readonly GoldenFrame[]) {
    this.#random = random;
    this.#golden = frames.map(({ hex }) => Buffer.from(hex, 'hex'));
    const commands: RemotingCommand[] = [];
    for (const bytes of this.#golden) createFrameDecoder().push(bytes, (command) => void commands.push(command));
    this.#requests = commands.filter((command) => !isResponse(command));
  }

  /** Frames in order whose content is hostile. */
  wellFramed(frameCount: number): HostileStream {
    const random = this.#random;
    const frames: Buffer[] = [];
    const answered = new Set<number>();
    for (let count = 0; count < frameCount; count += 1) {
      const command = this.#mutated(pick(random, this.#requests));
      frames.push(frameOf(command));
      // A pull may be held for as long as it asks.
      if (!isOneway(command) && !isResponse(command) && !holds(command)) answered.add(command.opaque);
    }
    return { kind: 'well framed, hostile content', bytes: Buffer.concat(frames), frameCount, answered };
  }

  /** A genuine frame with bytes changed, inserted, left out, doubled or cut off. */
  damaged(): HostileStream {
    const random = this.#random;
    let bytes = Buffer.from(pick(random, this.#golden));
    for (let count = random.int(6); count >= 0; count -= 1) {
      const at = random.int(bytes.length + 1);
      const length = 1 + random.int(9);
      switch (random.int(5)) {
        case 0:
          bytes = Buffer.concat([bytes.subarray(0, at), random.bytes(length), bytes.subarray(at)]);
          break;
        case 1:
          bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
          break;
        case 2:
          bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - length))]);
          break;
        default:
          if (at < bytes.length) bytes[at] = random.chance(0.5) ? random.int(256) : (bytes[at] ?? 0) ^ (1 << random.int(8));
      }
    }
    // Half of them with a length that fits, so that what follows it is reached.
    if (bytes.length >= 8 && random.chance(0.5)) bytes.writeInt32BE(bytes.length - 4, 0);
    return this.#unframed('a damaged frame', bytes);
  }

  /** A genuine request of every code, cut at each of its bytes. */
  *truncated(): Generator<HostileStream> {
    const shortest = new Map<number, Buffer>();
    for (const command of this.#requests) {
      const bytes = frameOf({ ...command, extFields: { ...command.extFields } });
      if (bytes.length < (shortest.get(command.code)?.length ?? Number.POSITIVE_INFINITY)) shortest.set(command.code, bytes);
    }
    for (const bytes of shortest.values()) {
      for (let length = 1; length < bytes.length; length += 1) yield this.#unframed('a frame cut off', bytes.subarray(0, length));
    }
  }

  /** Everything that is known to break decoders, each once. */
  *special(): Generator<HostileStream> {
    const random = this.#random;
    const lengths = [-1, -2147483648, 0, 1, 2, 3, 4, 5, 7, 8, 16 * 1024 * 1024 - 4, 16 * 1024 * 1024, 2147483647, 0x16030100];
    for (const length of lengths) {
      for (const headerLength of [0, 1, 4, 100, 0x00ffffff, 0xffffffff, 0x01000000, 0x01ffffff]) {
        const bytes = Buffer.alloc(40, 0x20);
        bytes.writeInt32BE(length, 0);
        bytes.writeUInt32BE(headerLength, 4);
        yield this.#unframed('a length that lies', bytes);
      }
    }
    const header = JSON.stringify({ code: 105, flag: 0, language: 'JAVA', opaque: 1, version: 407, extFields: { topic: 'T' } });
    for (let type = 2; type < 256; type += 1) yield this.#unframed('an unknown header type', framed(type, header));
    for (const depth of [10, 100, 10_000, 1_000_000]) {
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
        ['{"extFields":', '}'],
        ['{"extFields":{"a":', '}}'],
      ] as const) {
        yield this.#unframed('a deep header', framed(0, nested(open, depth, close)));
        yield this.#unframed('a deep header without an end', framed(0, open.repeat(depth)));
      }
    }
    const headers = [
      '{"__proto__":{"code":10},"code":34}',
      '{"code":105,"extFields":{"__proto__":{"topic":"x"}}}',
      '{"code":105,"extFields":{"__proto__":"x","constructor":"y","topic":"__proto__"}}',
      '{"code":105,"code":10,"opaque":1,"opaque":2}',
      `{"code":${'1'.repeat(10_000)}}`,
      '{"code":1e400,"opaque":-0.0,"flag":1.5}',
      '{"code":"105","opaque":"\\u","flag":null}',
      '{"code":105,"remark":"\\ud800\\udc00\\ud800"}',
      `{"code":105,"extFields":{${Array.from({ length: 5000 }, (_, index) => `"k${index}":"v"`).join(',')}}}`,
      `{"code":310,"extFields":{"i":"${'\\u0001'.repeat(50_000)}"}}`,
      '{"code":105',
      '"',
      'null',
      '[]',
      '{}',
      ' '.repeat(100_000),
      '\u0000'.repeat(1000),
    ];
    for (const text of headers) yield this.#unframed('a strange JSON header', framed(0, text, Buffer.from('body')));
    const texts = [
      'GET / HTTP/1.1\r\nHost: broker\r\n\r\n',
      'POST /topics HTTP/1.1\r\nContent-Length: 9999999999\r\n\r\n{}',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'PROXY TCP4 192.0.2.1 192.0.2.2 1 10911\r\n',
      'SSH-2.0-OpenSSH_9.6\r\n',
      '*1\r\n$4\r\nPING\r\n',
      'AMQP\u0000\u0000\u0009\u0001',
    ];
    for (const text of texts) yield this.#unframed('another protocol', Buffer.from(text, 'latin1'));
    const hello = Buffer.from('16030100c8010000c40303', 'hex');
    for (let count = 0; count < 20; count += 1) yield this.#unframed('a TLS hello', Buffer.concat([hello, random.bytes(190)]));
    for (let count = 0; count < 500; count += 1) yield this.#unframed('garbage', Buffer.from(random.bytes(1 + random.int(4000))));
    for (let count = 0; count < 500; count += 1) {
      // A binary header whose inner lengths are noise.
      const noise = Buffer.from(random.bytes(13 + random.int(300)));
      noise.writeInt16BE(pick(random, knownCodes) & 0x7fff, 0);
      yield this.#unframed('a binary header of noise', framed(1, noise, Buffer.from(random.bytes(random.int(200)))));
    }
  }

  #unframed(kind: string, bytes: Buffer): HostileStream {
    return { kind, bytes, frameCount: 1, answered: undefined };
  }

  #mutated(genuine: RemotingCommand): RemotingCommand {
    const random = this.#random;
    const extFields: Record<string, string> = Object.assign(Object.create(null), genuine.extFields);
    for (let count = random.int(4); count >= 0; count -= 1) {
      const names = Object.keys(extFields);
      const name = names.length > 0 && random.chance(0.85) ? pick(random, names) : pick(random, evilNames);
      if (random.chance(0.15)) delete extFields[name];
      else
        extFields[name] = random.chance(0.8)
          ? pick(random, evilValues)
          : Buffer.from(random.bytes(random.int(40))).toString('latin1');
    }
    const body = genuine.body ?? Buffer.alloc(0);
    this.#opaque = (this.#opaque + 1) % maxOpaque;
    return {
      code: random.chance(0.1) ? (random.chance(0.7) ? pick(random, knownCodes) : random.int(0x8000)) : genuine.code,
      language: random.int(14),
      version: random.chance(0.3) ? random.int(0x8000) : genuine.version,
      opaque: this.#opaque,
      flag: random.chance(0.1) ? flagOneway : 0,
      remark: random.chance(0.05) ? pick(random, evilValues) : genuine.remark,
      serializeType: random.chance(0.3) ? SerializeType.ROCKETMQ : SerializeType.JSON,
      extFields,
      body: random.chance(0.5) ? genuine.body && Buffer.from(body) : evilBody(random, body),
    };
  }
}

function holds(command: RemotingCommand): boolean {
  return command.code === RequestCode.PULL_MESSAGE;
}
