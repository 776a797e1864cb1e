import { isWrittenEntry, queueEntryBytes, readQueueEntry } from '../consume-queue/queue-entry.js';
import type { FileSystem } from '../io/file-system.js';
import { joinPath } from '../io/paths.js';
import { parseSegmentName } from '../segment/segment-name.js';

/**
 * Queue offset behind the last entry in a queue's directory, as its files say without the log; 0 without any. Reads the newest
 * file that has an entry, in whole: a few queues are looked at, once per start.
 */
export async function findQueueEnd(fileSystem: FileSystem, directory: string): Promise<number> {
  const entries = (await fileSystem.list(directory)) ?? [];
  // Names have equal lengths: their order is that of the offsets.
  const names = entries.map((entry) => entry.name).sort();
  for (const name of names.toReversed()) {
    const start = parseSegmentName(name);
    const content = start === undefined ? undefined : await fileSystem.readFile(joinPath(directory, name));
    if (start === undefined || content === undefined) continue;
    for (let at = content.length - (content.length % queueEntryBytes) - queueEntryBytes; at >= 0; at -= queueEntryBytes) {
      if (isWrittenEntry(readQueueEntry(content, at, 0))) return (start + at) / queueEntryBytes + 1;
    }
  }
  return 0;
}
