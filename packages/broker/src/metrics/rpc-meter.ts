/**
 * How long requests take, from the beginning of work on them to their answer (Java: RemotingMetricsManager; page 34 §3.2). Requests that
 * begin one behind the other in a turn share one look at the clock, and answers likewise. Invariant: no client makes histograms without
 * bound: what is no code of RocketMQ's counts as one.
 */
import type { Clock } from '@orbitmq/core/kernel';
import { type RemotingCommand, RequestCode, ResponseCode } from '@orbitmq/protocol';
import type { RequestObserver, RequestResult } from '@orbitmq/remoting';
import { TurnTime } from '../flow-control/turn-time.js';
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
const usPerMs = 1000;
/** Codes are small; the key of a series is one number. */
const codesMax = 2 ** 20;
const kinds = 8;

interface Series {
  readonly labels: Labels;
  readonly histogram: Histogram;
}

/** Of requests that are of one kind and end alike. */
interface RpcSeries extends Series {
  readonly requestCode: number;
  readonly code: number;
  readonly result: RequestResult;
  readonly isHeld: boolean;
  readonly creates: 'topic' | 'group' | undefined;
}

interface RpcMeterOptions {
  readonly clock: Clock;
  readonly isSystemTopic: (topic: string) => boolean;
}

export class RpcMeter implements RequestObserver {
  readonly #options: RpcMeterOptions;
  readonly #time: TurnTime;
  /** What the latest look at the clock was for. */
  #isEnding = false;
  readonly #series = new Map<number, RpcSeries>();
  /** Most requests are like the one before. */
  #latest: RpcSeries | undefined;
  readonly #topicCreations = new Map<string, Series>();
  readonly #groupCreations = new Map<string, Series>();

  constructor(options: RpcMeterOptions) {
    this.#options = options;
    this.#time = new TurnTime(options.clock);
  }

  begun(request: RemotingCommand): void {
    request.beganUs = this.#nowUs(false);
  }

  ended(request: RemotingCommand, code: number, result: RequestResult): void {
    // Whole milliseconds, as Java measures. The difference is right across the turn of the 32 bits, every 71 minutes.
    const elapsedMs = Math.floor(((this.#nowUs(true) - (request.beganUs ?? 0)) >>> 0) / usPerMs);
    const series = this.#seriesOf(request, code, result);
    series.histogram.add(elapsedMs);
    if (series.creates === 'topic') this.#topicCreated(request, code, elapsedMs);
    else if (series.creates === 'group') this.#groupCreated(code, elapsedMs);
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

  #nowUs(isEnding: boolean): number {
    // What takes its time in one turn is measured all the same.
    if (this.#isEnding !== isEnding) this.#time.renew();
    this.#isEnding = isEnding;
    return (this.#time.ms * usPerMs) | 0;
  }

  #seriesOf(request: RemotingCommand, code: number, result: RequestResult): RpcSeries {
    const latest = this.#latest;
    if (latest?.requestCode === request.code && latest.code === code) {
      if (latest.result === result && latest.isHeld === (request.wasHeld === true)) return latest;
    }
    const series = this.#findSeries(request, code, result);
    // One series stands for all unknown codes.
    if (series.requestCode === request.code && series.code === code) this.#latest = series;
    return series;
  }

  #findSeries(request: RemotingCommand, code: number, result: RequestResult): RpcSeries {
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
    const creates = createdBy(request.code);
    const histogram = new Histogram(latencyBoundsMs);
    const series: RpcSeries = { labels, histogram, requestCode: request.code, code, result, isHeld, creates };
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

function createdBy(requestCode: number): RpcSeries['creates'] {
  if (topicCreations.has(requestCode)) return 'topic';
  return groupCreations.has(requestCode) ? 'group' : undefined;
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
