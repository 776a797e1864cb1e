import {
  createRequest,
  decodeRoute,
  type ExtFields,
  type QueueData,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
} from '@orbitmq/protocol';
import { createRemotingClient, InProcessNetwork } from '@orbitmq/remoting';
import { virtualEnvironment } from '@orbitmq/testing';
import { createBroker } from '../broker.js';
import { defaultBrokerConfig } from '../config/broker-config.js';
import { bindBrokerConfig } from '../config/broker-config-rules.js';
import { defaultNamesrvConfig } from '../config/namesrv-config.js';
import { parseProperties } from '../config/properties.js';
import { createNameServer } from '../nameserver/name-server.js';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import { pullFields, sendFields } from './request-fields.js';

export const brokerConfigFile = '/etc/broker.conf';
const limitMs = 120_000;
const brokerPort = 10_911;
const fileText =
  '# a broker\nbrokerName=broker-a\nstorePathRootDir=/store\nmappedFileSizeCommitLog=1048576\nnamesrvAddr=127.0.0.1:9876\n';

/** A NameServer and a broker with its file, as started by `mqbroker -c`, and a client, on virtual time in this process. */
export async function runningBroker(moreKeys = '', fileSystem = new MemoryFileSystem()) {
  const environment = virtualEnvironment(1);
  const network = new InProcessNetwork({ timers: environment.timers });
  const client = createRemotingClient({ environment, dialer: network, idleTimeoutMs: 1_000_000_000 });
  await fileSystem.makeDirectory('/etc');
  await fileSystem.writeFileAtomically(brokerConfigFile, Buffer.from(fileText + moreKeys));
  const settle = <T>(promise: Promise<T>): Promise<T> => environment.time.settle(promise);
  const startBroker = async () => {
    const properties = parseProperties((await fileSystem.readFile(brokerConfigFile)) ?? '');
    const { config } = bindBrokerConfig(properties, defaultBrokerConfig);
    const broker = createBroker({ environment, network, fileSystem, config, configFile: brokerConfigFile });
    await settle(broker.start());
    return broker;
  };
  await createNameServer({ environment, network, config: defaultNamesrvConfig }).start();
  await client.start();
  /** Sends a request; the caller lets time pass. */
  const begin = (port: number, code: number, extFields?: ExtFields, body?: string | Uint8Array): Promise<RemotingCommand> => {
    const request = createRequest(code, { extFields, body: body === undefined ? undefined : Buffer.from(body) });
    return client.invoke(`127.0.0.1:${port}`, request, { timeoutMs: limitMs });
  };
  /** A request made elsewhere. */
  const askWith = (request: RemotingCommand) => settle(client.invoke(`127.0.0.1:${brokerPort}`, request, { timeoutMs: limitMs }));
  const askAt = (...request: Parameters<typeof begin>) => settle(begin(...request));
  const ask = (code: number, extFields?: ExtFields, body?: string | Uint8Array) => askAt(brokerPort, code, extFields, body);
  const configure = (text: string) => ask(RequestCode.UPDATE_BROKER_CONFIG, {}, text);
  const createTopic = (topic: string, fields: ExtFields = {}) =>
    ask(RequestCode.UPDATE_AND_CREATE_TOPIC, {
      topic,
      defaultTopic: 'TBW102',
      readQueueNums: '1',
      writeQueueNums: '1',
      perm: '6',
      ...fields,
    });
  const beginSend = (topic: string, text: string) =>
    begin(brokerPort, RequestCode.SEND_MESSAGE_V2, sendFields(topic, environment.clock.now()), text);
  const send = (topic: string, text: string) => settle(beginSend(topic, text));
  const pull = (topic: string, queueOffset: number, fields: ExtFields = {}) =>
    ask(RequestCode.PULL_MESSAGE, { ...pullFields(topic, queueOffset), ...fields });
  /** Of the broker, as the NameServer names it. */
  const route = async (topic: string): Promise<QueueData | undefined> => {
    const answer = await askAt(9876, RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic });
    if (answer.code !== ResponseCode.SUCCESS || answer.body === undefined) return undefined;
    return decodeRoute(answer.body).queueDatas[0];
  };
  return {
    environment,
    fileSystem,
    settle,
    startBroker,
    begin,
    beginSend,
    ask,
    askWith,
    configure,
    createTopic,
    send,
    pull,
    route,
  };
}
