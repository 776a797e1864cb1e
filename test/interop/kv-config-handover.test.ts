/** `kvConfig.json` goes from our NameServer to Apache's and back, each killed when it has just answered. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemEnvironment } from '@orbitmq/core/kernel';
import {
  createRequest,
  getKvConfigResponseHeader,
  kvConfigKeyHeader,
  putKvConfigHeader,
  RequestCode,
  ResponseCode,
} from '@orbitmq/protocol';
import { createRemotingClient, type RemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { verifies } from '../support/verifies.js';
import { startNameServer } from './apache/apache-server.js';
import { apacheMissing, apacheVersions } from './apache/distribution.js';

const mqnamesrv = join(dirname(fileURLToPath(import.meta.url)), '../../node_modules/.bin/mqnamesrv');
const missing = apacheMissing();
const namespace = 'ORDER_TOPIC_CONFIG';

async function startOurs(directory: string, port: number): Promise<Child> {
  const configFile = join(directory, 'ours.conf');
  writeFileSync(configFile, `listenPort=${port}\nkvConfigPath=${directory}/kvConfig.json\n`);
  const child = new Child(process.execPath, [mqnamesrv, '-c', configFile]);
  await child.listening(port, 30_000);
  return child;
}

describe.skipIf(missing !== undefined)(`kvConfig.json${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let client: RemotingClient;

  beforeAll(async () => {
    client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
    await client.start();
  });

  afterAll(async () => {
    await client.stop();
  });

  const put = async (address: string, key: string, value: string): Promise<void> => {
    const extFields = putKvConfigHeader.encode({ namespace, key, value });
    const answer = await client.invoke(address, createRequest(RequestCode.PUT_KV_CONFIG, { extFields }), { timeoutMs: 20_000 });
    expect(answer).toMatchObject({ code: ResponseCode.SUCCESS });
  };
  const get = async (address: string, key: string): Promise<string | undefined> => {
    const extFields = kvConfigKeyHeader.encode({ namespace, key });
    const answer = await client.invoke(address, createRequest(RequestCode.GET_KV_CONFIG, { extFields }), { timeoutMs: 20_000 });
    return answer.code === ResponseCode.SUCCESS ? getKvConfigResponseHeader.decodeCommand(answer).value : undefined;
  };

  it.each(apacheVersions)('ours, Apache %s, ours', { timeout: 120_000 }, async (version) => {
    verifies('operator-changes');
    const directory = await temporaryDirectory('kv-config');
    const started: Child[] = [];
    // A port each: the client may have a connection to the one before.
    const during = async (start: (port: number) => Promise<Child>, work: (address: string) => Promise<void>): Promise<void> => {
      const port = await freePort();
      const child = await start(port);
      started.push(child);
      await work(`127.0.0.1:${port}`);
      await child.kill('SIGKILL');
    };
    const text = 'broker-a:4;broker-b:4 "quoted" \\ \u00fc';
    try {
      await during(
        (port) => startOurs(directory.path, port),
        (address) => put(address, 'ours', text),
      );
      await during(
        (port) => startNameServer(version, directory.path, port),
        async (address) => {
          expect(await get(address, 'ours')).toBe(text);
          await put(address, 'theirs', text);
        },
      );
      await during(
        (port) => startOurs(directory.path, port),
        async (address) => {
          expect([await get(address, 'ours'), await get(address, 'theirs')]).toEqual([text, text]);
          expect(await get(address, 'nobody')).toBeUndefined();
        },
      );
    } finally {
      for (const child of started) child.process.kill('SIGKILL');
      await directory.remove();
    }
  });
});
