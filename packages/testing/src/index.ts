export { SeededRandom } from './seeded-random.js';
export { VirtualTime } from './time/virtual-time.js';
export { type VirtualEnvironment, type VirtualEnvironmentOptions, virtualEnvironment } from './virtual-environment.js';
