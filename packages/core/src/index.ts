export { MqRuntime, type RuntimeOptions, type Wiring } from './app/mq-runtime.js';
export { type MqUrl, parseMqUrl } from './app/mq-url.js';
export { stderrLogger } from './app/process-environment.js';
export type { TransportScheme } from './app/transport-scheme.js';
export { wiringError } from './app/wiring-error.js';
export { type AbortKind, AbortReason, type ConsumeSignal } from './consumer/abort-reason.js';
export type { ConsumeContext } from './consumer/consume-context.js';
export type { BatchMessageHandler, HandleBatch, HandleMessage, MessageHandler } from './consumer/message-handler.js';
export type { Delay, DelayDuration, SendDelay, TimedDelay } from './message/delay.js';
export type { MessageView } from './message/message-view.js';
export { checkGroupName, checkTopicName } from './message/names.js';
export { checkCarriedPropertyName, checkPropertyName } from './message/reserved-properties.js';
export type { ConsumeStep, Delivery, Draft, Middleware, Sending, SendStep } from './middleware/middleware.js';
export { bytesCodec, jsonCodec, textCodec } from './payload/codecs.js';
export type { BodyStep, CodecChain, PayloadCodec } from './payload/payload-codec.js';
export type { UpcastTable } from './payload/upcast.js';
export { MessageProducer, type ProducerPort, producerPort, type TransactionReceipt } from './producer/message-producer.js';
export type { BatchOptions, MessageFacts, MessageOptions, TransactionMessageOptions } from './producer/send-options.js';
export { parseTagExpression, type TagFilter, tagExpressionOf } from './tag-filter.js';
export { deadLetterTopic } from './topic/dead-letter-topic.js';
export { defineTopic, type TopicOptions } from './topic/define-topic.js';
export type { AnyTopicDefinition, PayloadOf, payloadType, TopicDefinition } from './topic/topic-definition.js';
export type { CheckedChain, LastOutput } from './topic/upcast-types.js';
export type { LocalTransaction } from './transaction/local-transaction.js';
export type { Durability, IdempotencySupport, TimedDelivery, TransportFeatures } from './transport/features.js';
export type {
  IncomingMessage,
  OutgoingMessage,
  SendOptions,
  SendReceipt,
  Subscription,
  TransactionResolution,
} from './transport/messages.js';
export {
  type BatchProducer,
  type ConsumeFrom,
  type ConsumerDefinition,
  type Deliver,
  type DeliveryContext,
  type DeliveryOutcome,
  type HalfMessage,
  isBatchProducer,
  isRecallingProducer,
  isTransactionalProducer,
  type ProducerDefinition,
  type RecallingProducer,
  type TransactionalProducer,
  type Transport,
  type TransportConsumer,
  type TransportProducer,
} from './transport/transport.js';
export type { Component, ConsumerComponent, ProducerComponent, RouteRecord, TransactionComponent } from './wiring/component.js';
export type { ConsumerOptions, ConsumerSettings } from './wiring/consumer-options.js';
export {
  type ComponentProvider,
  consume,
  type FunctionalConsumerOptions,
  type FunctionalProducer,
  type FunctionalProducerOptions,
  isComponentProvider,
  producer,
  providedComponents,
} from './wiring/functional.js';
export { unknownOptionProblems } from './wiring/option-names.js';
export type { ProducerOptions, ProducerSettings } from './wiring/producer-options.js';
