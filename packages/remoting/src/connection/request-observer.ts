import type { RemotingCommand } from '@orbitmq/protocol';

/** How work on a request ended. */
export type RequestResult = 'success' | 'oneway' | 'failed';

/** Hears of the requests that a server works on, in the turn in which it happens: for who measures. */
export interface RequestObserver {
  begun(request: RemotingCommand): void;
  /**
   * Once for each that was begun, unless its connection is gone by then. `code` is that of the answer, 0 for a one-way request;
   * `failed`: its processor threw.
   */
  ended(request: RemotingCommand, code: number, result: RequestResult): void;
}
