/**
 * CLEAN_EXPIRED_CONSUMEQUEUE (306), CLEAN_UNUSED_TOPIC (316) and DELETE_EXPIRED_COMMITLOG (329) (Java: AdminBrokerProcessor; page 32
 * §2). Each is answered when it is done, but for the log's files, which go in the rounds of the retention. Requests of one kind
 * that come while one is at work wait for it together: a thousand of them cost one.
 */
import { createResponse, type RemotingCommand, RequestCode, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../../config/broker-config.js';
import type { StoreMaintenance } from '../../../store/store-maintenance.js';
import { isSystemTopic } from '../../../topic/system-topic-rules.js';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';

export interface CleanProcessorOptions {
  readonly config: BrokerConfig;
  readonly topics: Pick<TopicConfigManager, 'get'>;
  readonly maintenance: Pick<StoreMaintenance, 'cleanExpiredQueues' | 'cleanUnusedTopics' | 'deleteExpiredFiles'>;
}

export class CleanProcessor implements RequestProcessor {
  static readonly codes: readonly number[] = [
    RequestCode.CLEAN_EXPIRED_CONSUMEQUEUE,
    RequestCode.CLEAN_UNUSED_TOPIC,
    RequestCode.DELETE_EXPIRED_COMMITLOG,
  ];
  readonly #options: CleanProcessorOptions;
  readonly #running = new Map<number, Promise<void>>();

  constructor(options: CleanProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    await (this.#running.get(request.code) ?? this.#start(request.code));
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }

  #start(code: number): Promise<void> {
    const running = this.#clean(code).finally(() => this.#running.delete(code));
    this.#running.set(code, running);
    return running;
  }

  async #clean(code: number): Promise<void> {
    const { config, maintenance, topics } = this.#options;
    const isOwn = (topic: string): boolean => isSystemTopic(topic, config);
    if (code === RequestCode.CLEAN_EXPIRED_CONSUMEQUEUE) {
      await maintenance.cleanExpiredQueues(isOwn);
    } else if (code === RequestCode.CLEAN_UNUSED_TOPIC) {
      await maintenance.cleanUnusedTopics((topic) => isOwn(topic) || topics.get(topic) !== undefined);
    } else {
      maintenance.deleteExpiredFiles();
    }
  }
}
