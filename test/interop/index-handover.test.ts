/**
 * The index files pass between Apache's brokers and ours, both ways, on one directory: whoever has it answers the same queries
 * of the official clients with the same messages. Small files, so that several are full.
 */

import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemEnvironment } from '@orbitmq/core/kernel';
import { createRequest, queryMessageHeader, RequestCode } from '@orbitmq/protocol';
import { createRemotingClient, type RemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerKind, type BrokerOnDirectory, startBrokerOn } from '../handover/broker-on-directory.js';
import { Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { verifies } from '../support/verifies.js';
import { type ApacheVersion, apacheMissing, apacheVersions } from './apache/distribution.js';
import type { InteropProducer } from './interop-client.js';
import { JavaClient } from './java-client.js';
import { brokerRegistered } from './registered.js';

const mqnamesrv = join(dirname(fileURLToPath(import.meta.url)), '../../node_modules/.bin/mqnamesrv');
const topic = 'IndexHandover';
const keyCount = 9;

interface Sent {
  readonly msgId: string;
  readonly offsetMsgId: string;
  readonly keys: string;
  readonly body: string;
}

class Desk {
  readonly version: ApacheVersion;
  readonly directory: string;
  readonly namesrvAddr: string;
  readonly port: number;
  readonly java: JavaClient;
  readonly remoting: RemotingClient;
  readonly sent: Sent[] = [];
  #producer: InteropProducer | undefined;
  #broker: BrokerOnDirectory | undefined;

  constructor(parts: Pick<Desk, 'version' | 'directory' | 'namesrvAddr' | 'port' | 'java' | 'remoting'>) {
    this.version = parts.version;
    this.directory = parts.directory;
    this.namesrvAddr = parts.namesrvAddr;
    this.port = parts.port;
    this.java = parts.java;
    this.remoting = parts.remoting;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The next broker on the directory, when the last one has ended. */
  async begin(kind: BrokerKind): Promise<void> {
    const config = { namesrvAddr: this.namesrvAddr, maxHashSlotNum: '50', maxIndexNum: '70' };
    this.#broker = await startBrokerOn(kind, { directory: this.directory, port: this.port, config });
    await brokerRegistered(this.namesrvAddr, this.address, 60_000);
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#broker?.stop(signal);
    this.#broker = undefined;
  }

  async send(label: string, count: number): Promise<void> {
    this.#producer ??= await this.java.startProducer('index-producers');
    for (let index = 0; index < count; index += 1) {
      const keys = `${label}-${index} k${this.sent.length % keyCount} both`;
      const body = `${label}-${index}`;
      const { msgId, offsetMsgId } = await this.#producer.send({ topic, body, keys, tag: `t${index % 2}` });
      this.sent.push({ msgId, offsetMsgId, keys, body });
    }
  }

  idsOf(key: string): readonly string[] {
    return this.sent
      .filter(({ keys }) => keys.split(' ').includes(key))
      .slice(-32)
      .map(({ msgId }) => msgId)
      .toSorted();
  }

  /** What the official client sees, message by message. */
  async expectAllFound(): Promise<void> {
    for (let key = 0; key < keyCount; key += 1) {
      expect(await this.java.queryMessage(topic, `k${key}`), `k${key}`).toEqual(this.idsOf(`k${key}`));
    }
    expect(await this.java.queryMessage(topic, 'both')).toEqual(this.idsOf('both'));
    expect(await this.java.queryMessage(topic, 'nobody')).toEqual([]);
    for (const { body, keys, msgId, offsetMsgId } of this.sent) {
      expect(await this.java.viewMessage(topic, msgId)).toEqual({ body, keys, msgId });
      if (!body.endsWith('0')) continue;
      expect(await this.java.queryMessage(topic, body)).toEqual([msgId]);
      expect(await this.java.viewMessage(topic, offsetMsgId)).toEqual({ body, keys, msgId });
    }
  }

  /** The bodies of the answers, byte for byte. */
  async answers(): Promise<readonly string[]> {
    const [first] = this.sent;
    const queries = [
      { key: 'k1', indexType: undefined, uniqueKeyQuery: 'false' },
      { key: 'both', indexType: 'K', uniqueKeyQuery: undefined },
      { key: 'nobody', indexType: undefined, uniqueKeyQuery: undefined },
      { key: first?.msgId ?? '', indexType: 'U', uniqueKeyQuery: 'true' },
      ...(this.version === '5.5.0' ? [{ key: 't1', indexType: 'T', uniqueKeyQuery: undefined }] : []),
    ];
    const answers: string[] = [];
    for (const query of queries) {
      const range = { beginTimestamp: 0, endTimestamp: Number.MAX_SAFE_INTEGER };
      const extFields = queryMessageHeader.encode({ topic, maxNum: 40, ...range, ...query });
      const answer = await this.remoting.invoke(this.address, createRequest(RequestCode.QUERY_MESSAGE, { extFields }), {
        timeoutMs: 20_000,
      });
      const { indexLastUpdatePhyoffset, indexLastUpdateTimestamp } = answer.extFields ?? {};
      const body = answer.body?.toString('latin1') ?? '';
      answers.push(`${answer.code} ${indexLastUpdatePhyoffset} ${indexLastUpdateTimestamp} ${body}`);
    }
    return answers;
  }
}

const missing = apacheMissing();

describe.skipIf(missing !== undefined).each(apacheVersions)(`index files between Apache %s and ours`, (version) => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let namesrv: Child;
  let desk: Desk;

  beforeAll(async () => {
    directory = await temporaryDirectory('index');
    const namesrvPort = await freePort();
    const namesrvAddr = `127.0.0.1:${namesrvPort}`;
    writeFileSync(join(directory.path, 'ns.conf'), `listenPort=${namesrvPort}\n`);
    namesrv = new Child(process.execPath, [mqnamesrv, '-c', join(directory.path, 'ns.conf')]);
    await namesrv.listening(namesrvPort, 60_000);
    const remoting = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
    await remoting.start();
    const java = await JavaClient.start(version, namesrvAddr, directory.path, ['-Dinterop.timeoutMs=30000']);
    desk = new Desk({ version, directory: directory.path, namesrvAddr, port: await freePort(2), java, remoting });
  }, 120_000);

  afterAll(async () => {
    await desk?.java.stop();
    await desk?.remoting.stop({ deadlineMs: 0 });
    await desk?.end('SIGKILL').catch(() => undefined);
    await namesrv?.kill('SIGTERM');
    await directory?.remove();
  }, 60_000);

  it('each finds what the other indexed, and goes on with its files', { timeout: 240_000 }, async () => {
    verifies('query-by-key');
    await desk.begin(version);
    await desk.send('apache', 50);
    await desk.expectAllFound();
    const atApache = await desk.answers();
    await desk.end('SIGTERM');

    await desk.begin('OrbitMQ');
    expect(await desk.answers()).toEqual(atApache);
    await desk.send('ours', 50);
    await desk.expectAllFound();
    const atOurs = await desk.answers();
    await desk.end('SIGTERM');

    await desk.begin(version);
    expect(await desk.answers()).toEqual(atOurs);
    await desk.send('apache-again', 20);
    await desk.expectAllFound();
    await desk.end('SIGKILL');

    // Apache's own broker deletes its newest file now; ours builds again what is missing.
    await desk.begin('OrbitMQ');
    await desk.expectAllFound();
    await desk.end('SIGKILL');
    await desk.begin('OrbitMQ');
    await desk.expectAllFound();
  });
});
