/** GET_ALL_TOPIC_CONFIG (21) (Java: AdminBrokerProcessor.getAllTopicConfig; page 32 §2): everything, or pages of it (5.5). */
import type { Timers } from '@orbitmq/core/kernel';
import {
  encodeTopicConfigTable,
  getAllTopicConfigHeader,
  getAllTopicConfigResponseHeader,
  joinedSteps,
  type RemotingCommand,
  topicConfigText,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../../config/broker-config.js';
import { pageRange } from '../../../metadata/metadata-page.js';
import { inTurns } from '../../../metadata/next-turn.js';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';
import { answerTable } from '../table-answer.js';

export interface ListTopicsProcessorOptions {
  readonly config: Pick<BrokerConfig, 'splitMetadataSize'>;
  readonly topics: TopicConfigManager;
  readonly timers: Timers;
}

export class ListTopicsProcessor implements RequestProcessor {
  readonly #options: ListTopicsProcessorOptions;

  constructor(options: ListTopicsProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { config, timers, topics } = this.#options;
    const { topicSeq, maxTopicNum, dataVersion: askedVersion } = getAllTopicConfigHeader.decodeCommand(request);
    const { dataVersion } = topics;
    const all = [...topics.all().values()];
    const wanted = { first: topicSeq, countMax: maxTopicNum, dataVersion: askedVersion };
    const { from, to } = pageRange(wanted, { total: all.length, dataVersion, pageSizeMax: config.splitMetadataSize });
    const table = await inTurns(timers, joinedSteps(all.slice(from, to), topicConfigText));
    answerTable(request, connection, {
      extFields: getAllTopicConfigResponseHeader.encode({ totalTopicNum: all.length }),
      body: encodeTopicConfigTable(dataVersion, table),
    });
  }
}
