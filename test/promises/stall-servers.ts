/**
 * A NameServer and a broker in this process, without a network or a disk, and how long one request keeps everybody else there
 * waiting.
 */
import {
  type BrokerConfig,
  createBroker,
  createNameServer,
  defaultBrokerConfig,
  defaultNamesrvConfig,
  MemoryFileSystem,
} from '@orbitmq/broker';
import { type Environment, systemEnvironment, type Timer } from '@orbitmq/core/kernel';
import { createFrameDecoder, createFrameWriter, createRequest } from '@orbitmq/protocol';
import { type ByteStream, InProcessNetwork } from '@orbitmq/remoting';
import type { CleanUps } from '../support/clean-ups.js';
import { type HeavyRequest, nameServerPort } from './heavy-requests.js';
import { LongestTurn } from './longest-turn.js';

/** Milliseconds of the longest turn while something is worked on, and how it ended. */
export interface Stall {
  readonly ms: number;
  readonly end: string;
}

/** What a server does by itself at intervals. */
export interface Interval {
  readonly periodMs: number;
  readonly act: () => void;
}

export interface StallServersOptions {
  readonly cleanUps: CleanUps;
  readonly environment?: Environment;
  readonly fileSystem?: MemoryFileSystem;
  readonly config?: Partial<BrokerConfig>;
}

/** An environment in which nothing happens at intervals but when the test says so, and what would. */
export function withIntervalsByHand(): { readonly environment: Environment; readonly intervals: readonly Interval[] } {
  const environment = systemEnvironment();
  const intervals: Interval[] = [];
  const { timers } = environment;
  const setInterval = (act: () => void, periodMs: number): Timer => {
    const interval = { act, periodMs };
    intervals.push(interval);
    const timer = { cancel: () => void intervals.splice(intervals.indexOf(interval), 1), unref: () => timer };
    return timer;
  };
  const setTimeout = (act: () => void, delayMs: number): Timer => timers.setTimeout(act, delayMs);
  const setImmediate = (act: () => void): Timer => timers.setImmediate(act);
  return { environment: { ...environment, timers: { setInterval, setTimeout, setImmediate } }, intervals };
}

export async function startServers({ cleanUps, config, ...options }: StallServersOptions): Promise<InProcessNetwork> {
  const { environment = systemEnvironment(), fileSystem = new MemoryFileSystem() } = options;
  const network = new InProcessNetwork({ timers: environment.timers });
  const nameServer = createNameServer({ environment, network, config: defaultNamesrvConfig });
  await nameServer.start();
  cleanUps.add(() => nameServer.stop());
  const broker = createBroker({
    environment,
    network,
    fileSystem,
    config: {
      ...defaultBrokerConfig,
      storePathRootDir: '/store',
      mappedFileSizeCommitLog: 64 * 1024 * 1024,
      namesrvAddr: `127.0.0.1:${nameServerPort}`,
      enablePropertyFilter: true,
      ...config,
    },
  });
  await broker.start();
  cleanUps.add(() => broker.stop({ deadlineMs: 1000 }));
  return network;
}

/** `settleMs`: how long what a request has left to be done, such as a table to write, is watched. */
export async function stallOf(request: HeavyRequest, network: InProcessNetwork, settleMs = 2): Promise<Stall> {
  // A broker is gone when its connection is.
  const before = request.before && (await dial(request.before, network));
  if (before !== undefined) {
    const end = ended(before.stream);
    before.stream.write([before.frame]);
    await end;
  }
  const { frame, stream } = await dial(request, network);
  const end = ended(stream);
  const stall = await longestTurn(async () => {
    stream.write([frame]);
    const outcome = await end;
    await pause(settleMs);
    return outcome;
  });
  stream.destroy();
  before?.stream.destroy();
  return stall;
}

/** Milliseconds of the longest turn until `act` is done. */
export async function longestTurn(act: () => Promise<string>): Promise<Stall> {
  await new Promise((resolve) => setImmediate(resolve));
  const turn = LongestTurn.watch();
  const end = await act();
  return { ms: turn.stop(), end };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function dial(
  request: HeavyRequest,
  network: InProcessNetwork,
): Promise<{ readonly frame: Buffer; readonly stream: ByteStream }> {
  const frame = frameOf(request);
  return { frame, stream: await network.dial(`127.0.0.1:${request.port}`, { timeoutMs: 1000 }) };
}

function frameOf({ code, extFields, body, header }: HeavyRequest): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (header === undefined) {
    const writer = createFrameWriter();
    writer.writeCommand({ ...createRequest(code, { extFields, body: bytes }), opaque: 1 });
    return Buffer.concat(writer.take());
  }
  const headerBytes = Buffer.from(header);
  const prefix = Buffer.alloc(8);
  prefix.writeInt32BE(4 + headerBytes.length + (bytes?.length ?? 0), 0);
  prefix.writeUInt32BE(headerBytes.length, 4);
  return Buffer.concat([prefix, headerBytes, bytes ?? Buffer.alloc(0)]);
}

/** How it ended: the code of the answer, or `closed`. */
function ended(stream: ByteStream): Promise<string> {
  return new Promise((resolve) => {
    const decoder = createFrameDecoder();
    stream.attach({
      onData: (chunk) =>
        decoder.push(chunk, (answer) =>
          resolve(`${answer.code} ${answer.body?.length ?? 0} ${answer.remark?.slice(0, 60) ?? ''}`),
        ),
      onDrain: () => undefined,
      onClose: () => resolve('closed'),
    });
  });
}

/** Asks and stays connected. */
export async function connect(request: HeavyRequest, network: InProcessNetwork): Promise<ByteStream> {
  const { frame, stream } = await dial(request, network);
  const end = ended(stream);
  stream.write([frame]);
  await end;
  return stream;
}
