import { encodeProperties, SystemTopic, tagsCode } from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { createTagsCodeOf } from './tags-code-of.js';

const tagsCodeOf = createTagsCodeOf({ messageDelayLevel: '1s 5s 10s' });
const properties = (entries: Record<string, string>): Buffer => Buffer.from(encodeProperties(entries));

describe('createTagsCodeOf', () => {
  it('is the tag hash in ordinary topics, whatever DELAY says', () => {
    expect(tagsCodeOf('T', properties({ TAGS: 'a', DELAY: '2' }), 1000)).toBe(tagsCode('a'));
    expect(tagsCodeOf('T', properties({}), 1000)).toBe(0);
  });

  it('is the delivery time in the schedule topic', () => {
    expect(tagsCodeOf(SystemTopic.SCHEDULE, properties({ TAGS: 'a', DELAY: '2' }), 1000)).toBe(6000);
    expect(tagsCodeOf(SystemTopic.SCHEDULE, properties({ DELAY: '99' }), 1000)).toBe(11_000);
  });

  it.each(['0', '-1', 'soon'])('is the tag hash there too without a level (DELAY=%s)', (delay) => {
    expect(tagsCodeOf(SystemTopic.SCHEDULE, properties({ TAGS: 'a', DELAY: delay }), 1000)).toBe(tagsCode('a'));
  });
});
