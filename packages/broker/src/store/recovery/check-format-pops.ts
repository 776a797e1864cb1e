/**
 * Messages that were popped and not acknowledged (RocketMQ 5, page 30) come again only when the revive queues are read, which
 * this broker does not do yet: whoever hands such a directory over is told. They stay in their topics and can be read there.
 */
import type { Logger } from '@orbitmq/core/kernel';
import { parseFastjson } from '@orbitmq/protocol';
import type { FileSystem } from '../io/file-system.js';
import { joinPath } from '../io/paths.js';
import type { StorePaths } from '../store-paths.js';
import { findQueueEnd } from './check-format-queue-end.js';

const reviveTopicPrefix = 'rmq_sys_REVIVE_LOG_';
const reviveGroup = 'CID_RMQ_SYS_REVIVE_GROUP';

export async function warnOfPendingPops(fileSystem: FileSystem, paths: StorePaths, logger: Logger): Promise<void> {
  for (const topic of (await fileSystem.list(paths.consumeQueue)) ?? []) {
    if (!topic.isDirectory || !topic.name.startsWith(reviveTopicPrefix)) continue;
    const directory = joinPath(paths.consumeQueue, topic.name);
    const revived = await revivedOffsets(fileSystem, paths, topic.name);
    for (const queue of (await fileSystem.list(directory)) ?? []) {
      const end = await findQueueEnd(fileSystem, joinPath(directory, queue.name));
      const revivedTo = Number(revived[queue.name] ?? 0);
      if (revivedTo >= end) continue;
      logger.warn('messages that were popped and not acknowledged are not delivered again by this broker', {
        path: joinPath(directory, queue.name),
        checkpoints: end - revivedTo,
      });
    }
  }
}

/** Next offset to revive by queue id; empty when the file does not say. */
async function revivedOffsets(fileSystem: FileSystem, paths: StorePaths, topic: string): Promise<Record<string, unknown>> {
  const content = await fileSystem.readFile(joinPath(paths.root, 'config/consumerOffset.json'));
  try {
    const table = parseFastjson(content?.toString('utf8') ?? '{}', {
      valuesMax: Number.POSITIVE_INFINITY,
      escapesMax: Number.POSITIVE_INFINITY,
    }) as {
      offsetTable?: Record<string, Record<string, unknown>>;
    };
    return table.offsetTable?.[`${topic}@${reviveGroup}`] ?? {};
  } catch {
    return {}; // The table of offsets says itself what is wrong with it, when it is loaded.
  }
}
