/** HEART_BEAT (34), both versions (Java: ClientManageProcessor.heartBeat; page 05 §2). */
import type { Logger } from '@orbitmq/core/kernel';
import {
  createResponse,
  type HeartbeatData,
  heartbeatSteps,
  Pace,
  Permission,
  type RemotingCommand,
  ResponseCode,
  retryTopic,
  type Steps,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { LiveConsumerManager } from '../../client/create-consumer-manager.js';
import type { ProducerManager } from '../../client/producer-manager.js';
import type { SubscriptionGroupManager } from '../../group/subscription-group-manager.js';
import type { LargeRequests } from '../../large-requests.js';
import type { TopicConfigManager } from '../../topic/topic-config-manager.js';
import { requestBody } from '../request-body.js';

export interface HeartbeatProcessorOptions {
  readonly consumers: LiveConsumerManager;
  readonly producers: ProducerManager;
  readonly groups: SubscriptionGroupManager;
  readonly topics: TopicConfigManager;
  /** Resolves when the NameServers know the topics of now, or after a bounded while; never rejects. */
  readonly announceTopics: () => Promise<void>;
  readonly logger: Logger;
  readonly large: LargeRequests;
}

/** Groups that are taken in one turn of the event loop. */
const groupsPerTurn = 200;

export class HeartbeatProcessor implements RequestProcessor {
  readonly #options: HeartbeatProcessorOptions;

  constructor(options: HeartbeatProcessorOptions) {
    this.#options = options;
  }

  process(request: RemotingCommand, connection: ServerConnection): void | Promise<void> {
    const work = (): Steps<void | Promise<void>> => this.#take(request, connection);
    return this.#options.large.run(request, connection, membershipOrder(connection), work);
  }

  *#take(request: RemotingCommand, connection: ServerConnection): Steps<void | Promise<void>> {
    const heartbeat = yield* heartbeatSteps(requestBody(request));
    const created = { hasTopics: false };
    let announced: Promise<void> | undefined;
    let response: RemotingCommand;
    try {
      response = yield* this.#takeGroups(request, connection, heartbeat, created);
    } finally {
      // Also when it ends before its time, with a closed connection: the next heartbeat finds them there, and announces nothing.
      if (created.hasTopics) announced = this.#options.announceTopics();
    }
    if (announced === undefined) {
      connection.respond(request, response);
      return undefined;
    }
    // A client looks for its retry topic's route after the first answer; it would not look again for 30 s (page 00 §7).
    return announced.then(() => connection.respond(request, response));
  }

  *#takeGroups(
    request: RemotingCommand,
    connection: ServerConnection,
    heartbeat: HeartbeatData,
    created: { hasTopics: boolean },
  ): Steps<RemotingCommand> {
    const pace = new Pace(groupsPerTurn);
    let isSubChange = heartbeat.heartbeatFingerprint === 0;
    for (const data of heartbeat.consumers) {
      if (pace.isSpent(1)) yield;
      if (!this.#options.consumers.hasRoom(connection, data.groupName)) {
        // Before the group and its retry topic are made: nothing else bounds what one connection can bring into being.
        this.#options.logger.warn('a connection names too many consumer groups', { group: data.groupName });
        break;
      }
      const group = this.#options.groups.find(data.groupName);
      if (group === undefined) {
        // As 5.x: this group is left out and the heartbeat succeeds; the pull says what is wrong.
        this.#options.logger.warn('a consumer group is unknown and may not be created', { group: data.groupName });
        continue;
      }
      if (group.retryQueueNums > 0)
        created.hasTopics = this.#ensureRetryTopic(data.groupName, group.retryQueueNums) || created.hasTopics;
      const channel = { connection, clientId: heartbeat.clientId, language: request.language, version: request.version };
      this.#options.consumers.register(channel, data, heartbeat.withoutSub);
      isSubChange = this.#isSubChange(heartbeat, data.groupName) || isSubChange;
    }
    for (const group of heartbeat.producerGroups) {
      if (pace.isSpent(1)) yield;
      this.#options.producers.register(group, heartbeat.clientId, connection, request);
    }
    const extFields = { IS_SUPPORT_HEART_BEAT_V2: 'true', IS_SUB_CHANGE: String(isSubChange) };
    return createResponse(request, ResponseCode.SUCCESS, { extFields });
  }

  /** Whether the client has to send its subscriptions in full (V2): what it refers to is not what is known. */
  #isSubChange(heartbeat: HeartbeatData, group: string): boolean {
    const { heartbeatFingerprint: fingerprint, withoutSub } = heartbeat;
    const known = this.#options.consumers.fingerprint(group);
    if (withoutSub && fingerprint !== 0) return known !== fingerprint;
    this.#options.consumers.setFingerprint(group, fingerprint);
    return fingerprint === 0 || (known !== undefined && known !== fingerprint);
  }

  #ensureRetryTopic(group: string, queueNums: number): boolean {
    const topic = retryTopic(group);
    if (this.#options.topics.get(topic) !== undefined) return false;
    this.#options.topics.ensure(topic, queueNums, Permission.READ | Permission.WRITE);
    return true;
  }
}

/** What a connection says of the groups it is in takes effect in the order in which it came. */
export function membershipOrder(connection: ServerConnection): string {
  return `groups of ${connection.id}`;
}
