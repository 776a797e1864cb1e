import './symbol-metadata.js';

export {
  type ClassRecord,
  type ConsumerRecord,
  classRecordsOf,
  type MethodRecord,
  methodRecordsOf,
  type ProducerRecord,
  type TransactionRecord,
} from './class-wiring.js';
export { componentsOf, nameOf, type ReadComponents } from './components-of.js';
export { Consumer, type ConsumerDecoratorOptions, type HandlerFor } from './consumer.js';
export type { DecoratorMode, DualClass, DualMethod, InjectListMismatch } from './dual-mode.js';
export { type AbstractClass, type Class, type Dependencies, type InjectToken, type Token, token } from './inject-token.js';
export { OnMessage, type OnMessageOptions } from './on-message.js';
export { Producer, type ProducerDecoratorOptions } from './producer.js';
export { TransactionListener, type TransactionListenerOptions } from './transaction-listener.js';
