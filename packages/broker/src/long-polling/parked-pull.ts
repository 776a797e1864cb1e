import type { PullMessageHeader, RemotingCommand } from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';
import type { TagsCodePredicate } from '../store/message-store.js';
import type { RecordFilter } from '../store/record-filter.js';

/** A pull that found nothing and waits (Java: PullRequest of the broker). */
export interface ParkedPull {
  readonly request: RemotingCommand;
  readonly connection: ServerConnection;
  readonly header: PullMessageHeader;
  readonly matches: TagsCodePredicate | undefined;
  /** Decides by the record, after `matches`. */
  readonly filter?: RecordFilter | undefined;
  /** On the monotonic clock. */
  readonly deadlineMs: number;
}
