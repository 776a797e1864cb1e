import 'reflect-metadata';

export { mqModule, mqProviders } from './mq-module.js';
export type { ClassProvider, FactoryProvider, Provider, ValueProvider } from './provider.js';
export { readContainer } from './read-container.js';
