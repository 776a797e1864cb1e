/**
 * What a sender needs to take a timed message back (Java: RecallMessageHandle, 5.3.2 and later; page 06 §5): URL-safe base64 of
 * `v1 topic brokerName timestamp uniqueKey`, separated by single spaces. It is written by the broker and opaque to clients.
 */
export interface RecallHandle {
  readonly topic: string;
  readonly brokerName: string;
  /** The tick in which the message waits, plus one millisecond; ms since the epoch. */
  readonly timestamp: number;
  readonly uniqueKey: string;
}

const version = 'v1';
/** Longer ones were not made here: topic, broker name and key have limits of their own. */
const handleCharsMax = 4096;
const base64 = /^[A-Za-z0-9_-]+={0,2}$/;
/** They would end a property of the cancellation. */
const controlCharacter = /[^ -\uffff]/;
const digits = /^\d{1,16}$/;

export function encodeRecallHandle({ topic, brokerName, timestamp, uniqueKey }: RecallHandle): string {
  const bytes = Buffer.from(`${version} ${topic} ${brokerName} ${timestamp} ${uniqueKey}`);
  // Java pads, Node's base64url does not.
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** Undefined for what is no handle. */
export function decodeRecallHandle(text: string): RecallHandle | undefined {
  if (text.length > handleCharsMax || !base64.test(text)) return undefined;
  const plain = Buffer.from(text, 'base64url').toString('utf8');
  if (controlCharacter.test(plain)) return undefined;
  const [found, topic, brokerName, timestamp, uniqueKey, ...more] = plain.split(' ');
  if (found !== version || more.length > 0 || !topic || !brokerName || !uniqueKey) return undefined;
  if (timestamp === undefined || !digits.test(timestamp) || !Number.isSafeInteger(Number(timestamp))) return undefined;
  return { topic, brokerName, timestamp: Number(timestamp), uniqueKey };
}
