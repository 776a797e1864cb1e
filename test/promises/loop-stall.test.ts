/**
 * A real NameServer and broker in this process, without a network or a disk, and one request after the other that costs what it
 * can. What is looked at is how long nobody else was served.
 */
import { writeFileSync } from 'node:fs';
import { createBroker, createNameServer, defaultBrokerConfig, defaultNamesrvConfig, MemoryFileSystem } from '@orbitmq/broker';
import { systemEnvironment } from '@orbitmq/core/kernel';
import { createFrameDecoder, createFrameWriter, createRequest } from '@orbitmq/protocol';
import { type ByteStream, InProcessNetwork } from '@orbitmq/remoting';
import { afterEach, expect, test } from 'vitest';
import { CleanUps } from '../support/clean-ups.js';
import { verifies } from '../support/verifies.js';
import { brokerPort, type HeavyRequest, heavyRequests, nameServerPort } from './heavy-requests.js';
import { LongestTurn } from './longest-turn.js';

/**
 * 50 ms are aimed at; others may be at work on the machine, and share its caches. What is not bounded takes seconds.
 * `STALL_OUT=file` writes what was measured, and then each request has its three tries.
 */
const stallMsMax = 150;
const wishedMsMax = 50;
const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

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
      onData: (chunk) => decoder.push(chunk, (answer) => resolve(`${answer.code} ${answer.remark?.slice(0, 60) ?? ''}`)),
      onDrain: () => undefined,
      onClose: () => resolve('closed'),
    });
  });
}

async function startServers(): Promise<InProcessNetwork> {
  const environment = systemEnvironment();
  const network = new InProcessNetwork({ timers: environment.timers });
  const nameServer = createNameServer({ environment, network, config: defaultNamesrvConfig });
  await nameServer.start();
  cleanUps.add(() => nameServer.stop());
  const broker = createBroker({
    environment,
    network,
    fileSystem: new MemoryFileSystem(),
    config: {
      ...defaultBrokerConfig,
      storePathRootDir: '/store',
      mappedFileSizeCommitLog: 64 * 1024 * 1024,
      namesrvAddr: `127.0.0.1:${nameServerPort}`,
      enablePropertyFilter: true,
    },
  });
  await broker.start();
  cleanUps.add(() => broker.stop({ deadlineMs: 1000 }));
  return network;
}

/** Milliseconds of the longest turn while a request is worked on, and how it ended. */
async function stallOf(request: HeavyRequest, network: InProcessNetwork): Promise<{ readonly ms: number; readonly end: string }> {
  // A broker is gone when its connection is.
  const before = request.before && (await dial(request.before, network));
  if (before !== undefined) {
    const end = ended(before.stream);
    before.stream.write([before.frame]);
    await end;
  }
  const { frame, stream } = await dial(request, network);
  const end = ended(stream);
  await new Promise((resolve) => setImmediate(resolve));
  const turn = LongestTurn.watch();
  stream.write([frame]);
  const outcome = await end;
  // What it has left to be done, such as a table to write.
  await new Promise((resolve) => setTimeout(resolve, 2));
  const ms = turn.stop();
  stream.destroy();
  before?.stream.destroy();
  return { ms, end: outcome };
}

async function dial(
  request: HeavyRequest,
  network: InProcessNetwork,
): Promise<{ readonly frame: Buffer; readonly stream: ByteStream }> {
  const frame = frameOf(request);
  return { frame, stream: await network.dial(`127.0.0.1:${request.port}`, { timeoutMs: 1000 }) };
}

async function makeWideTopic(network: InProcessNetwork): Promise<void> {
  const fields = {
    topic: 'Wide',
    defaultTopic: 'TBW102',
    perm: '6',
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: '0',
    order: 'false',
  };
  const counts = { readQueueNums: '65536', writeQueueNums: '65536' };
  await stallOf({ name: 'wide', port: brokerPort, code: 17, extFields: { ...fields, ...counts } }, network);
  await stallOf(
    {
      name: 'narrow',
      port: brokerPort,
      code: 17,
      extFields: { ...fields, topic: 'Narrow', readQueueNums: '4', writeQueueNums: '4' },
    },
    network,
  );
}

test('no request keeps others waiting for long', async () => {
  verifies('loop-stall');
  const network = await startServers();
  await makeWideTopic(network);
  const out: string[] = [];
  const slow: string[] = [];
  for (const request of heavyRequests()) {
    let best = await stallOf(request, network);
    // The least of three: a collection of garbage that others have made is none of the request's.
    const againMs = process.env['STALL_OUT'] === undefined ? stallMsMax : wishedMsMax;
    for (let again = 0; again < 2 && best.ms > againMs; again += 1) {
      const next = await stallOf(request, network);
      if (next.ms < best.ms) best = next;
    }
    out.push(`${best.ms.toFixed(1).padStart(8)} ${request.name}: ${best.end}`);
    if (best.ms > stallMsMax) slow.push(`${best.ms.toFixed(1)} ${request.name}: ${best.end}`);
    if (process.env['STALL_OUT'] !== undefined) writeFileSync(process.env['STALL_OUT'], out.join('\n'));
  }
  expect(slow).toEqual([]);
}, 600_000);
