/**
 * GET_ALL_SUBSCRIPTIONGROUP_CONFIG (201) (Java: AdminBrokerProcessor.getAllSubscriptionGroup; page 32 §2): everything, or pages
 * of it (5.5). A page carries what is forbidden to its own groups.
 */
import type { Timers } from '@orbitmq/core/kernel';
import { getAllGroupConfigHeader, getAllGroupConfigResponseHeader, type RemotingCommand } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../../config/broker-config.js';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import { pageRange } from '../../../metadata/metadata-page.js';
import { writtenInSteps } from '../../../metadata/written-in-steps.js';
import { answerTable } from '../table-answer.js';

export interface ListGroupsProcessorOptions {
  readonly config: Pick<BrokerConfig, 'splitMetadataSize'>;
  readonly groups: SubscriptionGroupManager;
  readonly timers: Timers;
}

export class ListGroupsProcessor implements RequestProcessor {
  readonly #options: ListGroupsProcessorOptions;

  constructor(options: ListGroupsProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { config, groups, timers } = this.#options;
    const { groupSeq, maxGroupNum, dataVersion: askedVersion } = getAllGroupConfigHeader.decodeCommand(request);
    const { dataVersion } = groups;
    const all = [...groups.all().keys()];
    const wanted = { first: groupSeq, countMax: maxGroupNum, dataVersion: askedVersion };
    const { from, to } = pageRange(wanted, { total: all.length, dataVersion, pageSizeMax: config.splitMetadataSize });
    const names = all.slice(from, to);
    const forbiddenNames = maxGroupNum === undefined ? groups.forbiddenGroups() : names;
    const member = (name: string, value: unknown): string => `${JSON.stringify(name)}:${JSON.stringify(value)}`;
    const forbidden = await writtenInSteps(
      timers,
      forbiddenNames.filter((name) => groups.forbidden(name) !== undefined),
      (name) => member(name, groups.forbidden(name) ?? {}),
    );
    const table = await writtenInSteps(
      timers,
      names.filter((name) => groups.all().has(name)),
      (name) => member(name, groups.describe(name) ?? {}),
    );
    const version = JSON.stringify(dataVersion);
    answerTable(request, connection, {
      extFields: getAllGroupConfigResponseHeader.encode({ totalGroupNum: all.length }),
      body: Buffer.from(
        `{"dataVersion":${version},"forbiddenTable":{${forbidden.join(',')}},"subscriptionGroupTable":{${table.join(',')}}}`,
        'utf8',
      ),
    });
  }
}
