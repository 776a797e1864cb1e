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

/** A CONSUMER_SEND_MSG_BACK that was said. */
export interface SendBack {
  readonly group: string;
  /** Of the message that it is about. */
  readonly physicalOffset: number;
  outcome: 'acked' | 'refused' | 'unknown';
}

/** What the clients of one sequence did and heard. */
export interface History {
  readonly sent: SentMessage[];
  /** In the order in which they were answered. */
  readonly decisions: Decision[];
  readonly sentBack: SendBack[];
  /** `topic@queueId@queueOffset` → what was read there. */
  readonly seen: Map<string, string>;
  readonly deletedTopics: Set<string>;
  /** Wall clock of each kill. */
  readonly kills: number[];
  /** Somebody deleted topics, forbade something or changed the configuration: what waits may wait for ever. */
  isOperated: boolean;
  /** Sends, decisions and messages sent back whose frames were damaged: what they say now nobody knows. */
  damagedSends: number;
  damagedDecisions: number;
  damagedSendBacks: number;
  /** Wall clock of the broker when it was asked to stop. */
  endMs: number;
}

export function newHistory(): History {
  return {
    sent: [],
    decisions: [],
    sentBack: [],
    seen: new Map(),
    deletedTopics: new Set(),
    kills: [],
    isOperated: false,
    damagedSends: 0,
    damagedDecisions: 0,
    damagedSendBacks: 0,
    endMs: 0,
  };
}
