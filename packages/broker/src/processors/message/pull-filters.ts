/**
 * By what the messages of a pull are filtered (Java: PullMessageProcessor with ExpressionMessageFilter and
 * ExpressionForRetryMessageFilter; page 04 §2 and §7): the tag hashes of the queue, or a SQL92 expression over the properties
 * of the record. Refusals are in Java's order: a wrong expression first, then whether the broker filters by properties at all.
 * What Java keeps as filter data beside a subscription (ConsumerFilterManager) follows from the subscription here, so it is never
 * older than that (28).
 */
import {
  findProperty,
  PropertyName,
  type PullMessageHeader,
  PullSysFlag,
  ResponseCode,
  retryTopicPrefix,
  type SubscriptionData,
  spansOfRecord,
} from '@orbitmq/protocol';
import type { ConsumerManager } from '../../client/consumer-manager.js';
import type { BrokerConfig } from '../../config/broker-config.js';
import { isTagType, sqlExpressionType } from '../../filter/expression-type.js';
import type { SqlFilter } from '../../filter/sql/sql-filter.js';
import { SqlFilterCache } from '../../filter/sql/sql-filter-cache.js';
import type { RecordFilter } from '../../store/record-filter.js';
import { Refusal } from './refusal.js';

/** What it costs to compile a character of an expression, in bytes of records looked at. */
const compileCostPerChar = 200;

export interface PullFiltersDeps {
  readonly config: Pick<BrokerConfig, 'enablePropertyFilter' | 'filterSupportRetry'>;
  readonly consumers: Pick<ConsumerManager, 'subscription'>;
}

export class PullFilters {
  readonly #deps: PullFiltersDeps;
  readonly #cache = new SqlFilterCache();

  constructor(deps: PullFiltersDeps) {
    this.#deps = deps;
  }

  /** What decides on each record; undefined lets all through that the tags do. */
  filterOf(header: PullMessageHeader, subscription: SubscriptionData): RecordFilter | Refusal | undefined {
    const { config } = this.#deps;
    if (isTagType(subscription.expressionType)) {
      const isFilteredRetry = config.filterSupportRetry && header.topic.startsWith(retryTopicPrefix);
      return isFilteredRetry ? new RetryTopicFilter(header.topic, (group, topic) => this.#groupFilter(group, topic)) : undefined;
    }
    const isOwn = (header.sysFlag & PullSysFlag.SUBSCRIPTION) !== 0;
    const filter = isOwn ? this.#ownFilter(subscription) : this.#heartbeatFilter(subscription);
    if (filter instanceof Refusal || config.enablePropertyFilter) return filter;
    return new Refusal(
      ResponseCode.SYSTEM_ERROR,
      `The broker does not support consumer to filter message by ${subscription.expressionType}`,
    );
  }

  /**
   * As Java, an expression that is wrong lets everything through when the pull itself carries it. One that is beyond our limits
   * is refused: there it would have filtered.
   */
  #ownFilter({ expressionType, subString }: SubscriptionData): SqlFilter | Refusal | undefined {
    if (expressionType !== sqlExpressionType) return undefined;
    const compilation = this.#cache.compile(subString);
    if (compilation.filter !== undefined || !compilation.isTooLarge) return compilation.filter;
    return new Refusal(ResponseCode.SUBSCRIPTION_PARSE_FAILED, compilation.problem);
  }

  #heartbeatFilter(subscription: SubscriptionData): SqlFilter | Refusal {
    return (
      this.#compile(subscription) ??
      new Refusal(
        ResponseCode.FILTER_DATA_NOT_EXIST,
        "The broker's consumer filter data is not exist!Your expression may be wrong!",
      )
    );
  }

  /** The expression that a group filters a topic with, if it does. */
  #groupFilter(group: string, topic: string): GroupFilter {
    const subscription = this.#deps.consumers.subscription(group, topic);
    if (subscription?.expressionType !== sqlExpressionType) return noGroupFilter;
    const { filter } = this.#cache.compile(subscription.subString);
    return { filter, cost: this.#cache.lastCompiledChars * compileCostPerChar };
  }

  #compile({ expressionType, subString }: SubscriptionData): SqlFilter | undefined {
    return expressionType === sqlExpressionType ? this.#cache.compile(subString).filter : undefined;
  }
}

interface GroupFilter {
  readonly filter: SqlFilter | undefined;
  /** What it took to get it. */
  readonly cost: number;
}

const noGroupFilter: GroupFilter = { filter: undefined, cost: 0 };

/** With `filterSupportRetry`: a retried message passes by the expression of the topic that it came from. */
class RetryTopicFilter implements RecordFilter {
  readonly #group: string;
  readonly #filterOf: (group: string, topic: string) => GroupFilter;
  readonly sizeChars = 0;
  lastCost = 0;

  constructor(retryTopic: string, filterOf: (group: string, topic: string) => GroupFilter) {
    this.#group = retryTopic.slice(retryTopicPrefix.length);
    this.#filterOf = filterOf;
  }

  matches(record: Buffer): boolean {
    const spans = spansOfRecord(record, 0, record.length);
    if (typeof spans === 'string') return true;
    const properties = record.subarray(spans.propertiesStart, spans.sizeBytes);
    const topic = findProperty(properties, PropertyName.RETRY_TOPIC);
    // A group with many large expressions may need each of them compiled anew, which ends the read like any other cost.
    const { filter, cost } = topic === undefined ? noGroupFilter : this.#filterOf(this.#group, topic);
    const isMatch = filter === undefined || filter.matches(record);
    this.lastCost = properties.length + cost + (filter?.lastCost ?? 0);
    return isMatch;
  }
}
