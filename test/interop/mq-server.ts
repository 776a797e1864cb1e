import type { Child } from '../support/child.js';

/** A NameServer and a broker of any make, as real processes. */
export interface MqServer {
  readonly name: string;
  readonly namesrvAddr: string;
  readonly brokerAddr: string;
  /** The broker's process as it is now. */
  readonly brokerProcess: Child;
  /** Ends the broker by the signal, waits, starts it again on the same directory and ports. */
  restartBroker(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  stop(): Promise<void>;
}
