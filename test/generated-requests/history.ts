import type { SentMessage } from './sent-message.js';

/** An END_TRANSACTION that was said. */
export interface Decision {
  /** Of the half message that it is about. */
  readonly physicalOffset: number;
  readonly isCommit: boolean;
  wasAnswered: boolean;
  /** Answered with success. */
  isTaken: boolean;
}

/** What the clients of one sequence did and heard. */
export interface History {
  readonly sent: SentMessage[];
  /** In the order in which they were answered. */
  readonly decisions: Decision[];
  /** `topic@queueId@queueOffset` → what was read there. */
  readonly seen: Map<string, string>;
  readonly deletedTopics: Set<string>;
  /** Somebody deleted topics, forbade something or changed the configuration: what waits may wait for ever. */
  isOperated: boolean;
  /** Sends and decisions whose frames were damaged: what they say now nobody knows. */
  damagedSends: number;
  damagedDecisions: number;
  /** Wall clock of the broker when it was asked to stop. */
  endMs: number;
}

export function newHistory(): History {
  return {
    sent: [],
    decisions: [],
    seen: new Map(),
    deletedTopics: new Set(),
    isOperated: false,
    damagedSends: 0,
    damagedDecisions: 0,
    endMs: 0,
  };
}
