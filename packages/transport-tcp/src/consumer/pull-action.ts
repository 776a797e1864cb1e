import { ResponseCode } from '@orbitmq/protocol';
import type { ConsumerTuning } from './consumer-tuning.js';

/**
 * What the answer to a pull means for its queue (page 04 §5).
 * - `deliver`: messages follow
 * - `advance`: nothing for us up to the next offset
 * - `reset`: the offset is outside of the queue; the broker names the one to go on with
 * - `pause`: refused; the same pull again later, after a heartbeat when the broker does not know our subscription
 */
export type PullAction =
  | { readonly kind: 'deliver' | 'advance' | 'reset' }
  | { readonly kind: 'pause'; readonly pauseMs: number; readonly needsHeartbeat: boolean };

const deliver: PullAction = { kind: 'deliver' };
const advance: PullAction = { kind: 'advance' };
const reset: PullAction = { kind: 'reset' };

/** Java: MQClientAPIImpl#processPullResponse and DefaultMQPushConsumerImpl's pull callback. */
export function pullAction(responseCode: number, tuning: ConsumerTuning): PullAction {
  switch (responseCode) {
    case ResponseCode.SUCCESS:
      return deliver;
    case ResponseCode.PULL_NOT_FOUND:
    case ResponseCode.PULL_RETRY_IMMEDIATELY:
      return advance;
    case ResponseCode.PULL_OFFSET_MOVED:
      return reset;
    case ResponseCode.FLOW_CONTROL:
      return { kind: 'pause', pauseMs: tuning.pullFlowControlRetryMs, needsHeartbeat: false };
    case ResponseCode.SUBSCRIPTION_NOT_EXIST:
    case ResponseCode.SUBSCRIPTION_NOT_LATEST:
    case ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST:
      return { kind: 'pause', pauseMs: tuning.pullRetryMs, needsHeartbeat: true };
    default:
      return { kind: 'pause', pauseMs: tuning.pullRetryMs, needsHeartbeat: false };
  }
}
