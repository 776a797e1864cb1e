/**
 * Records what Apache's brokers and official clients of both versions put on the wire, and keeps the smallest frame of each
 * shape in `frames.json`. Run it with `npm run golden` (needs a JDK and Maven); the tests only read the file.
 */
import { writeFileSync } from 'node:fs';
import { freePort } from '../support/free-port.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { startApacheServer } from '../interop/apache/apache-server.js';
import { type ApacheVersion, apacheVersions } from '../interop/apache/distribution.js';
import { JavaClient } from '../interop/java-client.js';
import { independentScenarios } from '../interop/scenarios.js';
import { type GoldenFrame, goldenFile, type SerializeType } from './golden-frame.js';
import { readHeader } from './read-header.js';
import { type RecordedFrame, startRecordingProxy } from './recording-proxy.js';

const frameBytesMax = 4096;

/** Collects frames by shape: who said what, with which fields, with or without a body. */
class Collector {
  readonly #kept = new Map<string, GoldenFrame>();
  readonly #asked = new Map<string, number>();

  readonly #version: ApacheVersion;
  readonly #serialize: SerializeType;
  readonly #server: 'broker' | 'namesrv';

  constructor(version: ApacheVersion, serialize: SerializeType, server: 'broker' | 'namesrv') {
    this.#version = version;
    this.#serialize = serialize;
    this.#server = server;
  }

  add(frame: RecordedFrame, connection: number): void {
    const header = readHeader(frame.bytes);
    const isResponse = (header.flag & 1) === 1;
    const asker = isResponse === (frame.from === 'server') ? 'client' : 'server';
    const key = `${connection} ${asker} ${header.opaque}`;
    if (!isResponse) this.#asked.set(key, header.code);
    const requestCode = isResponse ? this.#asked.get(key) : header.code;
    if (requestCode === undefined || frame.bytes.length > frameBytesMax) return;
    const hasBody = frame.bytes.length > header.endOffset;
    // Whoever is asked in the other form is of no interest here.
    if ((frame.bytes[4] === 1) !== (this.#serialize === 'ROCKETMQ')) return;
    const from = frame.from === 'client' ? 'client' : this.#server;
    const fields = Object.keys(header.extFields).toSorted();
    const shape = JSON.stringify([from, isResponse, requestCode, isResponse ? header.code : 0, header.flag, fields, hasBody]);
    const known = this.#kept.get(shape);
    if (known !== undefined && known.hex.length <= frame.bytes.length * 2) return;
    this.#kept.set(shape, {
      version: this.#version,
      serialize: this.#serialize,
      from,
      kind: isResponse ? 'response' : 'request',
      requestCode,
      responseCode: isResponse ? header.code : undefined,
      hex: frame.bytes.toString('hex'),
    });
  }

  frames(): readonly GoldenFrame[] {
    return [...this.#kept.values()].toSorted((a, b) => a.requestCode - b.requestCode || a.kind.localeCompare(b.kind) || a.hex.length - b.hex.length);
  }
}

async function capture(version: ApacheVersion, serialize: SerializeType): Promise<readonly GoldenFrame[]> {
  const flags = [`-Drocketmq.serialize.type=${serialize}`];
  const directory = await temporaryDirectory('golden');
  const ports = { namesrv: await freePort(), broker: await freePort(2), namesrvProxy: await freePort(), brokerProxy: await freePort() };
  const namesrv = new Collector(version, serialize, 'namesrv');
  const broker = new Collector(version, serialize, 'broker');
  const proxies = [
    await startRecordingProxy({
      port: ports.namesrvProxy,
      target: ports.namesrv,
      announce: { from: `127.0.0.1:${ports.broker}`, to: `127.0.0.1:${ports.brokerProxy}` },
      onFrame: (frame, connection) => namesrv.add(frame, connection),
    }),
    await startRecordingProxy({ port: ports.brokerProxy, target: ports.broker, onFrame: (frame, connection) => broker.add(frame, connection) }),
  ];
  const server = await startApacheServer(
    version,
    directory.path,
    {},
    { namesrvPort: ports.namesrv, brokerPort: ports.broker, registerAt: `127.0.0.1:${ports.namesrvProxy}`, flags },
  );
  const client = await JavaClient.start(version, `127.0.0.1:${ports.namesrvProxy}`, directory.path, ['-Dinterop.clientIp=192.0.2.1', ...flags]);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await Promise.all(independentScenarios.map((scenario) => scenario.run({ server, client })));
  await client.stop();
  await server.brokerProcess.kill('SIGTERM', 60_000);
  for (const proxy of proxies) proxy.stop();
  await server.stop();
  await directory.remove();
  return [...namesrv.frames(), ...broker.frames()];
}

const frames: GoldenFrame[] = [];
for (const version of apacheVersions) {
  for (const serialize of ['JSON', 'ROCKETMQ'] as const) frames.push(...(await capture(version, serialize)));
}
writeFileSync(goldenFile, `[\n${frames.map((frame) => JSON.stringify(frame)).join(',\n')}\n]\n`);
console.log(`${frames.length} frames, ${Math.round(frames.reduce((sum, frame) => sum + frame.hex.length / 2, 0) / 1024)} KiB`);
process.exit(0);
