/**
 * Makes this broker known to every NameServer (Java: BrokerOuterAPI, BrokerController.registerBrokerAll; page 02 §1-4): at the
 * start, every registerNameServerPeriod, and at once when a topic changed, always with the whole table, in parts when it is
 * too large for one request. Nothing here fails the broker: NameServers that are down are told later.
 */
import { BrokerError, type Environment, type Lifecycle, type Timer } from '@orbitmq/core/kernel';
import {
  createRequest,
  decodeKvTable,
  encodePartMark,
  maskedCrc32,
  type RegistrationPartMark,
  RequestCode,
  ResponseCode,
  registerBrokerHeader,
  registrationPartField,
  type TopicConfig,
  unregisterBrokerHeader,
  writeRegisterBrokerBodySteps,
} from '@orbitmq/protocol';
import { createRemotingClient, type Dialer, type RemotingClient } from '@orbitmq/remoting';
import type { BrokerConfig } from '../config/broker-config.js';
import { splitAddresses } from '../config/config-rules.js';
import { inTurns } from '../metadata/next-turn.js';
import type { TopicConfigManager } from '../topic/topic-config-manager.js';
import { NameServerLink } from './name-server-link.js';
import { type RegistrationPart, registrationParts } from './registration-parts.js';

/** Java clamps registerNameServerPeriod to this. */
const periodMinMs = 10_000;
const periodMaxMs = 60_000;
/** Java: unregisterBrokerAll. */
const unregisterTimeoutMs = 3000;
/** Requests that wait for an announcement go on after this; the client asks for the route again anyway. */
const announceWaitMaxMs = 1000;

export interface NameServerRegistrationOptions {
  readonly environment: Environment;
  readonly dialer: Dialer;
  readonly config: BrokerConfig;
  readonly topics: TopicConfigManager;
  /** `brokerIP1` and the bound port. */
  readonly brokerAddr: string;
  /** `brokerIP2` and the replication port. */
  readonly haServerAddr: string;
}

export class NameServerRegistration implements Lifecycle {
  readonly #options: NameServerRegistrationOptions;
  readonly #client: RemotingClient;
  readonly #links: readonly NameServerLink[];
  #periodTimer: Timer | undefined;
  #isStarted = false;
  #isChangeScheduled = false;

  constructor(options: NameServerRegistrationOptions) {
    this.#options = options;
    const { environment } = options;
    this.#client = createRemotingClient({ environment, dialer: options.dialer });
    const register = (address: string): Promise<void> => this.#register(address);
    this.#links = [...new Set(splitAddresses(options.config.namesrvAddr))].map(
      (address) => new NameServerLink({ environment, address, register }),
    );
    this.#client.onConnectionClose((address) => {
      this.#links.find((link) => link.address === address)?.connectionClosed();
    });
    options.topics.onChange(() => this.#topicsChanged());
  }

  /** Resolves when every NameServer that is up knows the broker, after 1 s at most. */
  async start(): Promise<void> {
    await this.#client.start();
    this.#isStarted = true;
    const periodMs = Math.min(Math.max(this.#options.config.registerNameServerPeriod, periodMinMs), periodMaxMs);
    this.#periodTimer = this.#options.environment.timers
      .setInterval(() => {
        for (const link of this.#links) link.refresh();
      }, periodMs)
      .unref();
    await this.announce();
  }

  /** Resolves when all NameServers that are up have the topics of now, or after 1 s. Never rejects. */
  async announce(): Promise<void> {
    if (this.#isStarted) await Promise.all(this.#links.map((link) => link.announce(announceWaitMaxMs)));
  }

  async stop(): Promise<void> {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    this.#periodTimer?.cancel();
    for (const link of this.#links) link.stop();
    await Promise.all(this.#links.map((link) => this.#unregister(link.address)));
    await this.#client.stop();
  }

  /** All topics that change in one turn are announced together. */
  #topicsChanged(): void {
    if (!this.#isStarted || this.#isChangeScheduled) return;
    this.#isChangeScheduled = true;
    this.#options.environment.timers.setImmediate(() => {
      this.#isChangeScheduled = false;
      for (const link of this.#links) link.changed();
    });
  }

  async #register(address: string): Promise<void> {
    const { config, environment, topics } = this.#options;
    const table = { topics: topics.all(), dataVersion: topics.dataVersion };
    // A change meanwhile is another version of the table, and announced by itself.
    const permMask = config.brokerPermission | 1;
    const parts = await inTurns(environment.timers, registrationParts(table, config));
    for (const [index, part] of parts.entries())
      await this.#registerPart(address, part, permMask, { index, count: parts.length });
  }

  async #registerPart(
    address: string,
    { dataVersion, topics }: RegistrationPart,
    permMask: number,
    mark: RegistrationPartMark,
  ): Promise<void> {
    const { config, environment } = this.#options;
    const registered = { dataVersion, topics: advertised(topics, permMask), filterServerList: [] };
    const body = await inTurns(environment.timers, writeRegisterBrokerBodySteps(registered));
    // Stopped meanwhile: nobody may hear of this broker behind its goodbye.
    if (!this.#isStarted) return;
    const header = registerBrokerHeader.encode({
      ...this.#identity(),
      haServerAddr: this.#options.haServerAddr,
      heartbeatTimeoutMillis: undefined,
      enableActingMaster: false,
      compressed: false,
      bodyCrc32: maskedCrc32(body),
    });
    const extFields = mark.count === 1 ? header : { ...header, [registrationPartField]: encodePartMark(mark) };
    const request = createRequest(RequestCode.REGISTER_BROKER, { extFields, body });
    const response = await this.#client.invoke(address, request, { timeoutMs: config.registerBrokerTimeoutMills });
    if (response.code !== ResponseCode.SUCCESS) {
      const remark = response.remark ?? '';
      throw new BrokerError(`the NameServer ${address} refused the registration: ${remark}`, {
        responseCode: response.code,
        remark,
        brokerAddr: address,
      });
    }
    if (response.body !== undefined) this.#markOrdered(Object.keys(decodeKvTable(response.body)));
  }

  /** The NameServer's ORDER_TOPIC_CONFIG names topics whose order matters (page 02 §2). */
  #markOrdered(names: readonly string[]): void {
    for (const name of names) {
      const topic = this.#options.topics.get(name);
      if (topic !== undefined && !topic.order) this.#options.topics.update({ ...topic, order: true });
    }
  }

  async #unregister(address: string): Promise<void> {
    const extFields = unregisterBrokerHeader.encode(this.#identity());
    const request = createRequest(RequestCode.UNREGISTER_BROKER, { extFields });
    try {
      await this.#client.invoke(address, request, { timeoutMs: unregisterTimeoutMs });
    } catch (error) {
      // It learns it from the connection that closes.
      this.#options.environment.logger.warn('could not unregister from the NameServer', { address, error });
    }
  }

  #identity(): {
    readonly brokerName: string;
    readonly brokerAddr: string;
    readonly clusterName: string;
    readonly brokerId: number;
  } {
    const { config, brokerAddr } = this.#options;
    return { brokerName: config.brokerName, brokerAddr, clusterName: config.brokerClusterName, brokerId: config.brokerId };
  }
}

/** A broker that may not be written to says so for each of its topics. */
function* advertised(topics: readonly TopicConfig[], permMask: number): Iterable<TopicConfig> {
  for (const topic of topics) yield { ...topic, perm: topic.perm & permMask };
}
