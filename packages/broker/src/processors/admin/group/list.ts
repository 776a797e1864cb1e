/**
 * GET_ALL_SUBSCRIPTIONGROUP_CONFIG (201) (Java: AdminBrokerProcessor.getAllSubscriptionGroup; page 32 §2): everything, or pages
 * of it (5.5). A page carries what is forbidden to its own groups.
 */
import {
  getAllGroupConfigHeader,
  getAllGroupConfigResponseHeader,
  joinedSteps,
  type RemotingCommand,
  type Steps,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../../config/broker-config.js';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import type { LargeRequests } from '../../../large-requests.js';
import type { JsonFields } from '../../../metadata/json-fields.js';
import { pageRange } from '../../../metadata/metadata-page.js';
import { answerTable, atOnceMax, tableOrder } from '../table-answer.js';

/** Of what is kept of groups beside what this version knows: there is no limit for one group. */
const charactersAtOnceMax = 128 * 1024;

export interface ListGroupsProcessorOptions {
  readonly config: Pick<BrokerConfig, 'splitMetadataSize'>;
  readonly groups: SubscriptionGroupManager;
  readonly tables: LargeRequests;
}

export class ListGroupsProcessor implements RequestProcessor {
  readonly #options: ListGroupsProcessorOptions;

  constructor(options: ListGroupsProcessorOptions) {
    this.#options = options;
  }

  process(request: RemotingCommand, connection: ServerConnection): void | Promise<void> {
    const { groups, tables } = this.#options;
    const work = (): Steps<void> => this.#answer(request, connection);
    return tables.run(request, connection, tableOrder, work, { isLarge: isLarge(groups) });
  }

  *#answer(request: RemotingCommand, connection: ServerConnection): Steps<void> {
    const { config, groups } = this.#options;
    const { groupSeq, maxGroupNum, dataVersion: askedVersion } = getAllGroupConfigHeader.decodeCommand(request);
    const { dataVersion } = groups;
    const all = [...groups.all().keys()];
    const wanted = { first: groupSeq, countMax: maxGroupNum, dataVersion: askedVersion };
    const { from, to } = pageRange(wanted, { total: all.length, dataVersion, pageSizeMax: config.splitMetadataSize });
    const names = all.slice(from, to);
    const forbiddenNames = maxGroupNum === undefined ? groups.forbiddenGroups() : names;
    const forbidden = yield* joinedSteps(membersOf(forbiddenNames, groups.forbidden.bind(groups)), textOf);
    const table = yield* joinedSteps(membersOf(names, groups.describe.bind(groups)), textOf);
    const version = JSON.stringify(dataVersion);
    answerTable(request, connection, {
      extFields: getAllGroupConfigResponseHeader.encode({ totalGroupNum: all.length }),
      body: Buffer.concat([
        Buffer.from(`{"dataVersion":${version},"forbiddenTable":{`),
        ...forbidden,
        Buffer.from('},"subscriptionGroupTable":{'),
        ...table,
        Buffer.from('}}'),
      ]),
    });
  }
}

function isLarge(groups: SubscriptionGroupManager): boolean {
  return groups.all().size + groups.forbiddenPairCount > atOnceMax || groups.sourceChars > charactersAtOnceMax;
}

type Member = readonly [name: string, fields: JsonFields];

/** Of those that are there when it is their turn. */
function* membersOf(names: readonly string[], fieldsOf: (name: string) => JsonFields | undefined): Iterable<Member> {
  for (const name of names) {
    const fields = fieldsOf(name);
    if (fields !== undefined) yield [name, fields];
  }
}

function textOf([name, fields]: Member): string {
  return `${JSON.stringify(name)}:${JSON.stringify(fields)}`;
}
