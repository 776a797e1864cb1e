/**
 * What a queue entry carries besides the place of its message: the hash of the tags, or in the schedule topic the delivery
 * time in ms (page 20 §4). A rule of the broker that the store is given; used at the append and at a rebuild alike, so it
 * must give the same answer for the same message.
 */
export type TagsCodeOf = (topic: string, properties: Buffer, storeTimestamp: number) => number;
