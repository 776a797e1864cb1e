/** GET_ALL_TOPIC_CONFIG (21) (Java: AdminBrokerProcessor.getAllTopicConfig; page 32 §2): everything, or pages of it (5.5). */
import {
  encodeTopicConfigTable,
  getAllTopicConfigHeader,
  getAllTopicConfigResponseHeader,
  joinedSteps,
  type RemotingCommand,
  type Steps,
  topicConfigText,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../../config/broker-config.js';
import type { LargeRequests } from '../../../large-requests.js';
import { pageRange } from '../../../metadata/metadata-page.js';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';
import { answerTable, atOnceMax, tableOrder } from '../table-answer.js';

export interface ListTopicsProcessorOptions {
  readonly config: Pick<BrokerConfig, 'splitMetadataSize'>;
  readonly topics: TopicConfigManager;
  readonly tables: LargeRequests;
}

export class ListTopicsProcessor implements RequestProcessor {
  readonly #options: ListTopicsProcessorOptions;

  constructor(options: ListTopicsProcessorOptions) {
    this.#options = options;
  }

  process(request: RemotingCommand, connection: ServerConnection): void | Promise<void> {
    const { tables, topics } = this.#options;
    const work = (): Steps<void> => this.#answer(request, connection);
    return tables.run(request, connection, tableOrder, work, { isLarge: topics.all().size > atOnceMax });
  }

  *#answer(request: RemotingCommand, connection: ServerConnection): Steps<void> {
    const { config, topics } = this.#options;
    const { topicSeq, maxTopicNum, dataVersion: askedVersion } = getAllTopicConfigHeader.decodeCommand(request);
    const { dataVersion } = topics;
    const all = [...topics.all().values()];
    const wanted = { first: topicSeq, countMax: maxTopicNum, dataVersion: askedVersion };
    const { from, to } = pageRange(wanted, { total: all.length, dataVersion, pageSizeMax: config.splitMetadataSize });
    const table = yield* joinedSteps(all.slice(from, to), topicConfigText);
    answerTable(request, connection, {
      extFields: getAllTopicConfigResponseHeader.encode({ totalTopicNum: all.length }),
      body: encodeTopicConfigTable(dataVersion, table),
    });
  }
}
