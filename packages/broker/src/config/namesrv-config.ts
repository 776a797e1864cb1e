/** The NameServer's configuration under RocketMQ's key names (page 23 §13). Durations in milliseconds unless the name says otherwise. */
export interface NamesrvConfig {
  /** 0 picks a free port. */
  readonly listenPort: number;
  /** RocketMQ 5: bindAddress. Default 127.0.0.1; RocketMQ: 0.0.0.0. */
  readonly bindAddress: string;
  /** How often dead brokers are looked for. */
  readonly scanNotActiveBrokerInterval: number;
  readonly serverChannelMaxIdleTimeSeconds: number;
}

export const defaultNamesrvConfig: NamesrvConfig = {
  listenPort: 9876,
  bindAddress: '127.0.0.1',
  scanNotActiveBrokerInterval: 5000,
  serverChannelMaxIdleTimeSeconds: 120,
};
