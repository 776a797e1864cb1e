import { parseJavaInt } from '../../schedule/parse-java-int.js';

/**
 * The queue of a message with a priority, 5.5: the priority itself, and the last queue for all above it; undefined when the text is
 * none, and the message goes where its sender said. Of the queues that are written, those count that are read as well: nobody would
 * see the message in another. Pure.
 */
export function priorityQueue(text: string, usableQueueNums: number): number | undefined {
  const priority = parseJavaInt(text);
  if (priority === undefined || priority < 0 || usableQueueNums === 0) return undefined;
  // Java's -0 is 0.
  return Math.max(0, Math.min(priority, usableQueueNums - 1));
}
