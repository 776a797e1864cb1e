import {
  type BrokerConfig,
  createMessageStore,
  defaultBrokerConfig,
  type FileSystem,
  type GetMessageResult,
  type MemoryFileSystem,
  type MessageStore,
  type MessageToStore,
  type PutStatus,
  type StoreLimits,
} from '@orbitmq/broker';
import type { Environment } from '@orbitmq/core/kernel';
import { decodeRecords, type MessageExt } from '@orbitmq/protocol';

export const storeRoot = '/data/store';

const host = Buffer.from([127, 0, 0, 1, 0, 0, 0x2a, 0x9f]);

export function messageOf(topic: string, queueId: number, body: string, changes: Partial<MessageToStore> = {}): MessageToStore {
  return {
    topic,
    queueId,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1_700_000_000_000,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.from(body),
    properties: Buffer.from(`KEYS\u0001${body.slice(0, 12)}\u0002`),
    waitStore: true,
    ...changes,
  };
}

/** Sizes at which a handful of messages fills several files. */
export const smallConfig: BrokerConfig = {
  ...defaultBrokerConfig,
  storePathRootDir: storeRoot,
  mappedFileSizeCommitLog: 4096,
  mappedFileSizeConsumeQueue: 200,
  maxHashSlotNum: 8,
  maxIndexNum: 24,
  maxMessageSize: 2048,
};

export interface TestStore {
  readonly store: ReturnType<typeof createMessageStore>;
  readonly failures: Error[];
}

export function openTestStore(
  environment: Environment,
  fileSystem: FileSystem,
  options: { readonly config?: Partial<BrokerConfig>; readonly limits?: Partial<StoreLimits> } = {},
): TestStore {
  const failures: Error[] = [];
  const store = createMessageStore({
    environment,
    fileSystem,
    config: { ...smallConfig, ...options.config },
    tagsCodeOf: (_topic, properties) => properties.length,
    onFailure: (error) => failures.push(error),
    limits: {
      reserveAheadBytes: 0,
      tailChunkBytes: 4096,
      tailBytesMax: 16_384,
      inMemoryDistanceBytes: 1 << 30,
      ...options.limits,
    },
  });
  return { store, failures };
}

/** What became of one put. */
export interface Put {
  readonly topic: string;
  readonly queueId: number;
  readonly body: string;
  physicalOffset: number;
  queueOffset: number;
  status: PutStatus | undefined;
}

export function put(store: MessageStore, topic: string, queueId: number, body: string, changes?: Partial<MessageToStore>): Put {
  const result: Put = { topic, queueId, body, physicalOffset: -1, queueOffset: -1, status: undefined };
  store.putMessage(messageOf(topic, queueId, body, changes), {
    onAppended: (physicalOffset, queueOffset) => {
      result.physicalOffset = physicalOffset;
      result.queueOffset = queueOffset;
    },
    onDone: (status) => {
      result.status = status;
    },
  });
  return result;
}

/** The messages of an answer. */
export function messagesOf(result: GetMessageResult): MessageExt[] {
  return result.slices.flatMap((slice) => decodeRecords(slice));
}

/** Reads a whole queue as a consumer does. */
export async function readQueue(store: MessageStore, topic: string, queueId: number): Promise<MessageExt[]> {
  const messages: MessageExt[] = [];
  let queueOffset = store.minOffset(topic, queueId);
  while (queueOffset < store.maxOffset(topic, queueId)) {
    const result = await store.getMessage({ topic, queueId, queueOffset, maxCount: 32, matches: undefined });
    messages.push(...messagesOf(result));
    if (result.nextBeginOffset <= queueOffset) throw new Error(`${result.status} does not advance from ${queueOffset}`);
    queueOffset = result.nextBeginOffset;
  }
  return messages;
}

/** Changes bytes of the log in its file; `at` is where `physicalOffset` is in them. */
export async function editLog(
  { files, fileBytes }: { readonly files: MemoryFileSystem; readonly fileBytes: number },
  physicalOffset: number,
  change: (bytes: Buffer, at: number) => void,
): Promise<void> {
  const path = `${storeRoot}/commitlog/${String(Math.floor(physicalOffset / fileBytes) * fileBytes).padStart(20, '0')}`;
  const content = await files.readFile(path);
  if (content === undefined) throw new Error(`${path} is missing`);
  change(content, physicalOffset % fileBytes);
  await files.writeFileAtomically(path, content);
}
