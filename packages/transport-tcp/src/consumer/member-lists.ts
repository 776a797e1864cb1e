/**
 * Who the members of the group are (Java: RebalanceImpl.rebalanceByTopic with findConsumerIdList; page 05 §3). Only brokers
 * that know us as a member are asked, those that have known us longest first, since a broker that was just started may not
 * have heard of the others yet; and only a list with ourselves in it counts. A broker that does not answer costs a short wait,
 * then the next one is asked.
 */
import { type Environment, isMqError } from '@orbitmq/core/kernel';
import { within } from './within.js';

export interface MemberListsOptions {
  readonly environment: Environment;
  readonly clientId: string;
  /** Brokers of a topic that know us, best first. */
  readonly brokersOf: (topic: string) => readonly string[];
  /** GET_CONSUMER_LIST_BY_GROUP; rejects when it fails, after its own time limit. */
  readonly ask: (address: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** The consumer stops. */
  readonly signal: AbortSignal;
}

/** Brokers asked for one topic in one round. */
const brokersAskedMax = 3;
/** How long one broker is waited for before the next one is asked as well. */
const nextAfterMs = 500;
/** Silent brokers remembered; forgetting one costs a longer wait. */
const silentMax = 64;

/** One round's questions: each broker is asked once, whatever the number of topics. */
export type AskedBrokers = Map<string, Promise<readonly string[] | undefined>>;

export class MemberLists {
  readonly #options: MemberListsOptions;
  /** Brokers that did not answer the last time; nobody waits long for them again. */
  readonly #silent = new Set<string>();

  constructor(options: MemberListsOptions) {
    this.#options = options;
  }

  /** False when no broker of the topic knows us: it takes a heartbeat first. */
  canAsk(topic: string): boolean {
    return this.#options.brokersOf(topic).length > 0;
  }

  /** The members, ourselves among them; undefined when no broker can tell. Never rejects. */
  async of(topic: string, asked: AskedBrokers): Promise<readonly string[] | undefined> {
    const { environment, clientId, brokersOf } = this.#options;
    const candidates = brokersOf(topic).slice(0, brokersAskedMax);
    for (const [index, address] of candidates.entries()) {
      const answer = this.#ask(address, asked);
      const isPatient = index === candidates.length - 1 && !this.#silent.has(address);
      if (!isPatient && !(await within(environment.timers, nextAfterMs, answer))) continue;
      const members = await answer;
      if (members?.includes(clientId) === true) return members;
      if (members !== undefined)
        environment.logger.warn('this client is not in the member list of its group', { address, topic });
    }
    return undefined;
  }

  #ask(address: string, asked: AskedBrokers): Promise<readonly string[] | undefined> {
    const known = asked.get(address);
    if (known !== undefined) return known;
    const answer = this.#answerOf(address);
    asked.set(address, answer);
    return answer;
  }

  async #answerOf(address: string): Promise<readonly string[] | undefined> {
    try {
      const members = await this.#options.ask(address, this.#options.signal);
      this.#silent.delete(address);
      return members;
    } catch (error) {
      if (this.#options.signal.aborted) return undefined;
      const code = isMqError(error) ? error.code : undefined;
      this.#options.environment.logger.warn('asking for the members failed', { address, code, error });
      this.#rememberSilence(address);
      return undefined;
    }
  }

  #rememberSilence(address: string): void {
    if (this.#silent.size >= silentMax) this.#silent.clear();
    this.#silent.add(address);
  }
}
