/** A question for messages by key (Java: MessageStore.queryMessage). */
export interface QueryMessageRequest {
  readonly topic: string;
  readonly key: string;
  /** `KEY`: a word of KEYS or the unique key; `UNIQUE_KEY`: that alone; `TAG`: the tags as a whole. */
  readonly kind: QueryKeyKind;
  readonly maxCount: number;
  /** Store times, both inclusive. */
  readonly beginTimestamp: number;
  readonly endTimestamp: number;
}

export type QueryKeyKind = 'KEY' | 'UNIQUE_KEY' | 'TAG';

/** Java: QueryMessageResult. */
export interface QueryMessageResult {
  /** The records, byte for byte as in the log and in its order: the newest that match. */
  readonly records: readonly Buffer[];
  readonly sizeBytes: number;
  /** Store time of the newest record that is indexed; 0 without messages. */
  readonly indexLastUpdateTimestamp: number;
  readonly indexLastUpdatePhysicalOffset: number;
}

export const noMessages: QueryMessageResult = {
  records: [],
  sizeBytes: 0,
  indexLastUpdateTimestamp: 0,
  indexLastUpdatePhysicalOffset: 0,
};
