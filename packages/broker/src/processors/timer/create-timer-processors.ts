/** Which processor answers which code, for timed messages (pages 06 §5 and 25 §2). */
import type { Environment } from '@orbitmq/core/kernel';
import { RequestCode } from '@orbitmq/protocol';
import type { RequestProcessor } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../config/broker-config.js';
import type { MessageStore } from '../../store/message-store.js';
import type { BrokerTimer } from '../../timer/create-timer.js';
import type { TopicConfigManager } from '../../topic/topic-config-manager.js';
import type { InFlightGauge } from '../message/in-flight-gauge.js';
import type { MessageHosts } from '../message/message-hosts.js';
import { RecallMessageProcessor } from './recall-message-processor.js';
import { TimerCheckPointProcessor } from './timer-check-point-processor.js';
import { TimerMetricsProcessor } from './timer-metrics-processor.js';

export interface TimerProcessorsOptions {
  readonly environment: Environment;
  readonly config: BrokerConfig;
  readonly store: MessageStore;
  readonly topics: TopicConfigManager;
  readonly hosts: MessageHosts;
  readonly inFlight: InFlightGauge;
  readonly timer: BrokerTimer;
}

export function createTimerProcessors(
  options: TimerProcessorsOptions,
): readonly { readonly codes: readonly number[]; readonly processor: RequestProcessor }[] {
  const { environment, timer } = options;
  const { clock, timers } = environment;
  const recall = new RecallMessageProcessor({ ...options, clock, timers, door: timer.door });
  return [
    { codes: [RequestCode.RECALL_MESSAGE], processor: recall },
    { codes: [RequestCode.GET_TIMER_CHECK_POINT], processor: new TimerCheckPointProcessor(timer.service) },
    { codes: [RequestCode.GET_TIMER_METRICS], processor: new TimerMetricsProcessor(timer.service) },
  ];
}
