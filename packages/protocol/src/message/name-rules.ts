/** Longest topic: its length is one signed byte in the log (page 03 §7). */
const topicLengthMax = 127;
/** Longest group: with the prefix of its retry topic it still is a topic. */
const groupLengthMax = 120;
const namePattern = /^[A-Za-z0-9_%|-]+$/;

function checkName(kind: string, name: string, lengthMax: number): string | undefined {
  if (name === '') return `The ${kind} is empty.`;
  if (name.length > lengthMax) return `The ${kind} has ${name.length} characters, allowed are ${lengthMax}.`;
  if (!namePattern.test(name)) {
    return `The ${kind} "${name}" contains characters other than letters, digits, "_", "%", "|" and "-".`;
  }
  return undefined;
}

/** What is wrong with a topic name, in one sentence; undefined when nothing is (Java: TopicValidator). */
export function checkTopicName(topic: string): string | undefined {
  return checkName('topic name', topic, topicLengthMax);
}

/** What is wrong with a producer or consumer group's name, in one sentence; undefined when nothing is (Java: Validators). */
export function checkGroupName(group: string): string | undefined {
  return checkName('group name', group, groupLengthMax);
}
