/** Limits of a producer that no application has to set. */
export interface ProducerTuning {
  /** Sends that have not ended; more are refused at once (RocketMQ: clientAsyncSemaphoreValue). */
  readonly inFlightSendsMax: number;
  /** Those of them that wait for the answer of one broker; the others wait for their turn. Below RocketMQ's sendThreadPoolQueueCapacity (10000), beyond which brokers refuse. */
  readonly inFlightPerBrokerMax: number;
  /** Bytes of their bodies together. */
  readonly inFlightSendBytesMax: number;
  /** How long a broker that did not answer is avoided by the sends that follow, milliseconds (RocketMQ: notAvailableDuration). */
  readonly brokerPenaltyMs: number;
  /** Brokers whose failures are remembered. */
  readonly brokersMax: number;
  /** Topics whose prepared requests are kept. */
  readonly topicsMax: number;
  /** Queues of a topic that the first send creates (RocketMQ: defaultTopicQueueNums). */
  readonly defaultTopicQueueNums: number;
  /** Transaction checks running at once. */
  readonly checkConcurrencyMax: number;
  /** Transaction checks waiting for their turn; more are dropped, the broker asks again (RocketMQ: checkRequestHoldMax). */
  readonly checkRequestHoldMax: number;
  /** A transaction check that takes longer counts as unknown, milliseconds. */
  readonly checkTimeoutMs: number;
  /** Largest body of a checked message after decompression. */
  readonly bodyBytesMax: number;
}

export const defaultProducerTuning: ProducerTuning = {
  inFlightSendsMax: 65_535,
  inFlightPerBrokerMax: 4096,
  inFlightSendBytesMax: 256 * 1024 * 1024,
  brokerPenaltyMs: 10_000,
  brokersMax: 1024,
  topicsMax: 10_000,
  defaultTopicQueueNums: 4,
  checkConcurrencyMax: 8,
  checkRequestHoldMax: 2000,
  checkTimeoutMs: 60_000,
  bodyBytesMax: 64 * 1024 * 1024,
};
