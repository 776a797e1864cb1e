import { systemEnvironment } from '@orbitmq/core/kernel';
import { createRequest, decodeRoute, getRouteInfoHeader, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { consume, createMqApp, defineTopic, type MqApp, producer, silentLogger, textCodec } from 'orbitmq';
import type { MqServer } from '../interop/mq-server.js';
import { BrokerCalls } from '../support/broker-calls.js';

const topic = 'healthy';
const queueCount = 4;
const readEvery = 16;
/** For a machine that is busy with the hostile ones; only a wrong answer or none is a problem. */
const timeoutMs = 20_000;
const Healthy = defineTopic<string>('healthy-app', { codec: textCodec });

/**
 * A client that uses a server all the time and knows what has to come back: requests of its own on four queues, each of which
 * belongs to it alone, an application over the public API, and questions to the NameServer.
 */
export class HealthyClient {
  /** What was not as it had to be. */
  readonly problems: string[] = [];
  readonly #server: MqServer;
  readonly #calls: BrokerCalls;
  readonly #app: MqApp;
  readonly #send: (body: string) => Promise<unknown>;
  readonly #appSent: string[] = [];
  readonly #appReceived: string[];
  readonly #sent: string[][] = Array.from({ length: queueCount }, () => []);
  readonly #lanes: Promise<void>[] = [];
  #isStopping = false;
  #hasRoute = false;

  private constructor(
    server: MqServer,
    calls: BrokerCalls,
    app: MqApp,
    send: (body: string) => Promise<unknown>,
    received: string[],
  ) {
    this.#server = server;
    this.#calls = calls;
    this.#app = app;
    this.#send = send;
    this.#appReceived = received;
  }

  static async start(server: MqServer): Promise<HealthyClient> {
    const received: string[] = [];
    const letters = producer(Healthy, { group: 'healthy-writers' });
    const settings = { group: 'healthy-readers', consumeFrom: 'first' as const };
    const app = await createMqApp({
      url: `rocketmq://${server.namesrvAddr}`,
      providers: [letters, consume(Healthy, settings, async ({ body }) => void received.push(body))],
      logger: silentLogger,
    });
    await app.start();
    const calls = await BrokerCalls.connect(server.brokerAddr, { timeoutMs });
    const client = new HealthyClient(server, calls, app, (body) => letters.send(body, { timeoutMs }), received);
    client.#begin();
    return client;
  }

  get sentCount(): number {
    return this.#sent.reduce((sum, queue) => sum + queue.length, this.#appSent.length);
  }

  get receivedCount(): number {
    return this.#appReceived.length;
  }

  get isAppDone(): boolean {
    return new Set(this.#appReceived).size === this.#appSent.length;
  }

  /** Ends the sending; what was sent may still be on its way to the application. */
  async finishSending(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#lanes);
  }

  /** Everything it sent is where it was told, nothing else is, and the application got each once. */
  async check(calls: BrokerCalls = this.#calls): Promise<void> {
    for (const [queueId, sent] of this.#sent.entries()) {
      const stored = (await calls.read(topic, queueId)).map(({ body }) => body.toString());
      if (stored.length !== sent.length || stored.some((body, index) => body !== sent[index])) {
        this.problems.push(`queue ${queueId}: ${sent.length} sent, ${stored.length} stored`);
      }
    }
    const expected = this.#appSent.toSorted();
    const received = this.#appReceived.toSorted();
    if (expected.length !== received.length || expected.some((body, index) => body !== received[index])) {
      this.problems.push(`application: ${expected.length} sent, ${received.length} received`);
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#app.stop({ deadlineMs: 5000 });
    await this.#calls.stop();
  }

  #begin(): void {
    for (let queueId = 0; queueId < queueCount; queueId += 1) this.#lanes.push(this.#repeat(() => this.#useQueue(queueId)));
    this.#lanes.push(this.#repeat(() => this.#useApp()));
    this.#lanes.push(this.#repeat(() => this.#askRoute()));
  }

  async #repeat(action: () => Promise<void>): Promise<void> {
    while (!this.#isStopping && this.problems.length === 0) {
      await action().catch((error: unknown) => this.problems.push(String(error)));
    }
  }

  async #useQueue(queueId: number): Promise<void> {
    const sent = this.#sent[queueId] ?? [];
    const body = `${queueId}:${sent.length}:${'x'.repeat(sent.length % 1000)}`;
    const outcome = await this.#calls.send(topic, queueId, body);
    if (outcome.kind !== 'stored' || outcome.queueOffset !== sent.length) {
      this.problems.push(`${queueId}:${sent.length}: ${JSON.stringify(outcome)}`);
      return;
    }
    sent.push(body);
    if (sent.length % readEvery !== 0) return;
    const from = sent.length - readEvery;
    const read = (await this.#calls.read(topic, queueId, from)).map((message) => message.body.toString());
    if (read.length !== readEvery || read.some((text, index) => text !== sent[from + index])) {
      this.problems.push(`queue ${queueId} from ${from}: read ${read.length}`);
    }
  }

  async #useApp(): Promise<void> {
    const body = `letter ${this.#appSent.length}`;
    await this.#send(body);
    this.#appSent.push(body);
  }

  /** On a connection of its own each time: a client that comes new is served too. */
  async #askRoute(): Promise<void> {
    const { brokerAddr, namesrvAddr } = this.#server;
    const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
    await client.start();
    const extFields = getRouteInfoHeader.encode({ topic, acceptStandardJsonOnly: undefined });
    const request = createRequest(RequestCode.GET_ROUTEINFO_BY_TOPIC, { extFields });
    const answer = await client.invoke(namesrvAddr, request, { timeoutMs });
    await client.stop();
    // The first send makes the topic, and its route comes soon after; from then on it stays.
    if (answer.code === ResponseCode.TOPIC_NOT_EXIST && !this.#hasRoute) return;
    this.#hasRoute = true;
    const brokers = decodeRoute(answer.body ?? Buffer.alloc(0)).brokerDatas.map(({ brokerAddrs }) => brokerAddrs);
    if (JSON.stringify(brokers) !== JSON.stringify([{ 0: brokerAddr }])) {
      this.problems.push(`route of ${topic}: ${answer.code} ${JSON.stringify(brokers)}`);
    }
  }
}
