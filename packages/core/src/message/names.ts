/**
 * Topic, group and tag names (page 03 §7). A check returns what is wrong as the end of a sentence that begins with the
 * name, or undefined.
 */
const allowedCharacters = /^[%|a-zA-Z0-9_-]+$/;

/** The length is one signed byte in the message record. */
export const topicLengthMax = 127;
/** RocketMQ 5.5 creates no subscription group with a longer name, and `%RETRY%` + group must be a valid topic. */
export const groupLengthMax = 120;

/** Topics of the broker itself, which clients may not send to. */
const brokerTopics: ReadonlySet<string> = new Set([
  'SCHEDULE_TOPIC_XXXX',
  'RMQ_SYS_TRANS_HALF_TOPIC',
  'RMQ_SYS_TRANS_OP_HALF_TOPIC',
  'TRANS_CHECK_MAX_TIME_TOPIC',
  'SELF_TEST_TOPIC',
  'OFFSET_MOVED_EVENT',
  'rmq_sys_wheel_timer',
]);

export function checkTopicName(name: string): string | undefined {
  return checkName(name, topicLengthMax);
}

/** A topic that an application may send to. */
export function checkSendableTopicName(name: string): string | undefined {
  return checkTopicName(name) ?? (brokerTopics.has(name) ? "is one of the broker's own topics" : undefined);
}

export function checkGroupName(name: string): string | undefined {
  if (name === 'DEFAULT_PRODUCER' || name === 'DEFAULT_CONSUMER') return 'is reserved: choose a name of your own';
  return checkName(name, groupLengthMax);
}

export function checkTag(tag: string): string | undefined {
  if (typeof (tag as unknown) !== 'string') return 'is no string';
  if (tag.trim() === '') return 'is blank';
  if (tag !== tag.trim()) return 'begins or ends with a blank, which no subscription can name';
  if (tag.includes('|')) return "contains '|', which separates tags in a subscription";
  if (tag === '*') return 'is the subscription to everything';
  return checkCharacters(tag);
}

/**
 * Properties are stored as `name 0x01 value 0x02`, so neither may contain the separators; and in UTF-8, which has no form for
 * half of a surrogate pair.
 */
export function checkCharacters(text: string): string | undefined {
  if (!text.isWellFormed()) return 'contains a lone surrogate, half of a character, which UTF-8 cannot carry';
  return text.includes('\u0001') || text.includes('\u0002')
    ? 'contains a control character that separates properties'
    : undefined;
}

function checkName(name: unknown, lengthMax: number): string | undefined {
  // Names come from configuration too, where a type checker has not looked.
  if (typeof name !== 'string') return 'is no string';
  if (name === '') return 'is empty';
  if (!allowedCharacters.test(name)) return 'has a character other than letters, digits, % | _ -';
  if (name.length > lengthMax) return `is longer than ${lengthMax} characters`;
  return undefined;
}
