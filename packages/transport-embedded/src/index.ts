export type { EmbeddedBrokerConfig } from './embedded-config.js';
export { type EmbeddedTransportOptions, embeddedTransport } from './embedded-transport.js';
