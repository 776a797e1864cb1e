export { type ConsumerTuning, defaultConsumerTuning } from './consumer/consumer-tuning.js';
export { defaultProducerTuning, type ProducerTuning } from './producer/producer-tuning.js';
export { type RocketmqTransportOptions, rocketmqTransport } from './rocketmq-transport.js';
export { createTcpTransport, type TcpTransportOptions } from './transport.js';
