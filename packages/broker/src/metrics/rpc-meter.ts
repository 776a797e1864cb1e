/**
 * How long requests take, from the beginning of work on them to their answer (Java: RemotingMetricsManager; page 34 §3.2). Invariant:
 * no client makes histograms without bound: what is no code of RocketMQ's counts as one.
 */
import type { Clock } from '@orbitmq/core/kernel';
import { type RemotingCommand, RequestCode, ResponseCode } from '@orbitmq/protocol';
import type { RequestObserver, RequestResult } from '@orbitmq/remoting';
import { Histogram } from '../stats/histogram.js';
import { requestCodeName, responseCodeName } from './code-names.js';
import { histogram, type Labels, type MetricFamily } from './metric-family.js';

const latencyBoundsMs = [1, 3, 5, 7, 10, 100, 1000, 2000, 3000];
const createBoundsMs = [10, 100, 1000, 3000, 5000];

const resultLabels: Readonly<Record<RequestResult, string>> = {
  success: 'success',
  oneway: 'oneway',
  failed: 'process_request_failed',
};
const results = Object.keys(resultLabels) as readonly RequestResult[];
const topicCreations: ReadonlySet<number> = new Set([
  RequestCode.UPDATE_AND_CREATE_TOPIC,
  RequestCode.UPDATE_AND_CREATE_TOPIC_LIST,
]);
const groupCreations: ReadonlySet<number> = new Set([
  RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP,
  RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST,
]);
/** Codes are small; the key of a series is one number. */
const codesMax = 2 ** 20;
const kinds = 8;

interface Series {
  readonly labels: Labels;
  readonly histogram: Histogram;
}

interface RpcMeterOptions {
  readonly clock: Clock;
  readonly isSystemTopic: (topic: string) => boolean;
}

export class RpcMeter implements RequestObserver {
  readonly #options: RpcMeterOptions;
  readonly #series = new Map<number, Series>();
  readonly #topicCreations = new Map<string, Series>();
  readonly #groupCreations = new Map<string, Series>();

  constructor(options: RpcMeterOptions) {
    this.#options = options;
  }

  begun(request: RemotingCommand): void {
    request.beganMs = this.#options.clock.monotonic();
  }

  ended(request: RemotingCommand, code: number, result: RequestResult): void {
    // Whole milliseconds, as Java measures.
    const elapsedMs = Math.floor(this.#options.clock.monotonic() - (request.beganMs ?? 0));
    this.#seriesOf(request, code, result).histogram.add(elapsedMs);
    if (topicCreations.has(request.code)) this.#topicCreated(request, code, elapsedMs);
    else if (groupCreations.has(request.code)) this.#groupCreated(code, elapsedMs);
  }

  families(): readonly MetricFamily[] {
    return [
      histogram('rpc_latency_milliseconds', 'Rpc latency', [...this.#series.values()]),
      histogram('topic_create_execution_time_milliseconds', 'The distribution of create topic time', [
        ...this.#topicCreations.values(),
      ]),
      histogram('consumer_group_create_execution_time_milliseconds', 'The distribution of create subscription time', [
        ...this.#groupCreations.values(),
      ]),
    ];
  }

  #seriesOf(request: RemotingCommand, code: number, result: RequestResult): Series {
    const isHeld = request.wasHeld === true;
    const requestName = requestCodeName(request.code);
    const requestCode = requestName === 'unknown' ? codesMax - 1 : request.code;
    const responseName = responseCodeName(code);
    const responseCode = responseName === 'unknown' ? codesMax - 1 : code & (codesMax - 1);
    const kind = results.indexOf(result) * 2 + (isHeld ? 1 : 0);
    const key = (requestCode * codesMax + responseCode) * kinds + kind;
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const labels = {
      is_long_polling: String(isHeld),
      protocol_type: 'remoting',
      request_code: requestName,
      response_code: responseName,
      result: resultLabels[result],
    };
    const series = { labels, histogram: new Histogram(latencyBoundsMs) };
    this.#series.set(key, series);
    return series;
  }

  #topicCreated(request: RemotingCommand, code: number, elapsedMs: number): void {
    const isSystem = this.#options.isSystemTopic(request.extFields?.['topic'] ?? '');
    const labels = { invocation_status: statusOf(code), is_system: String(isSystem) };
    addTo(this.#topicCreations, labels, elapsedMs);
  }

  #groupCreated(code: number, elapsedMs: number): void {
    addTo(this.#groupCreations, { invocation_status: statusOf(code) }, elapsedMs);
  }
}

function statusOf(code: number): string {
  return code === ResponseCode.SUCCESS ? 'success' : 'failure';
}

function addTo(series: Map<string, Series>, labels: Labels, elapsedMs: number): void {
  const key = Object.values(labels).join(',');
  let one = series.get(key);
  if (one === undefined) series.set(key, (one = { labels, histogram: new Histogram(createBoundsMs) }));
  one.histogram.add(elapsedMs);
}
