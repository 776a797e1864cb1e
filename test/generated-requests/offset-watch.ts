/** I8: committed offsets move only when a request says so. */
import { PullSysFlag, parseFastjson, RequestCode, transactionGroup } from '@orbitmq/protocol';

/** A request that was sent, with its fields as they were sent. */
export interface SaidRequest {
  readonly code: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** `topic@group` → queue → offset. */
export type OffsetTable = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** What happened since the last look. */
export interface Since {
  readonly requests: readonly SaidRequest[];
  readonly restart: 'stop' | 'kill' | undefined;
}

export function readOffsetTable(body: Buffer | undefined): OffsetTable {
  const root = parseFastjson(body?.toString() ?? '{}') as {
    readonly offsetTable?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  const table = new Map<string, ReadonlyMap<number, number>>();
  for (const key of Object.keys(root.offsetTable ?? {})) {
    const queues = root.offsetTable?.[key] ?? {};
    table.set(key, new Map(Object.keys(queues).map((queueId) => [Number(queueId), Number(queues[queueId])])));
  }
  return table;
}

export class OffsetWatch {
  #table: OffsetTable = new Map();
  /** Every value an offset ever had: a kill may bring one of them back. */
  readonly #past = new Map<string, Set<number | undefined>>();

  /** Sentences about changes that nothing explains. */
  look(table: OffsetTable, since: Since): string[] {
    const wrong: string[] = [];
    for (const key of new Set([...this.#table.keys(), ...table.keys()])) {
      const before = this.#table.get(key);
      const after = table.get(key);
      for (const queueId of new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])) {
        const change = { key, queueId, from: before?.get(queueId), to: after?.get(queueId) };
        this.#pastOf(change).add(change.from);
        if (change.from === change.to || isOwn(key) || this.#isExplained(change, since)) continue;
        wrong.push(`I8 ${key} queue ${queueId} went from ${change.from} to ${change.to}, and nobody said so`);
      }
    }
    this.#table = table;
    return wrong;
  }

  #pastOf({ key, queueId }: Change): Set<number | undefined> {
    const name = `${key}@${queueId}`;
    let past = this.#past.get(name);
    if (past === undefined) {
      // Before it was committed first, it was not there.
      past = new Set([undefined]);
      this.#past.set(name, past);
    }
    return past;
  }

  #isExplained(change: Change, { requests, restart }: Since): boolean {
    // A start lowers what is beyond the log; a kill forgets what was not written yet.
    if (restart !== undefined && change.from !== undefined && change.to !== undefined && change.to < change.from) return true;
    if (restart === 'kill' && this.#pastOf(change).has(change.to)) return true;
    return requests.some((request) => explains(request, change, restart !== undefined));
  }
}

interface Change {
  readonly key: string;
  readonly queueId: number;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** The broker's own progress on half messages. */
function isOwn(key: string): boolean {
  return key.endsWith(`@${transactionGroup}`) || key.includes('@CID_RMQ_SYS_');
}

/** `isLowered`: a start since may have lowered what was committed to the end of the queue. */
function explains({ code, fields }: SaidRequest, { key, queueId, to }: Change, isLowered: boolean): boolean {
  const at = key.lastIndexOf('@');
  const topic = key.slice(0, at);
  const group = key.slice(at + 1);
  const isAbout = (topicName: string, groupName: string): boolean => fields[topicName] === topic && fields[groupName] === group;
  const commits = (): boolean => {
    // Java's largest long is the largest number here.
    const committed = Math.min(Number(fields['commitOffset']), Number.MAX_SAFE_INTEGER);
    return Number(fields['queueId']) === queueId && (committed === to || (isLowered && to !== undefined && to < committed));
  };
  switch (code) {
    case RequestCode.UPDATE_CONSUMER_OFFSET:
      return isAbout('topic', 'consumerGroup') && commits();
    case RequestCode.PULL_MESSAGE:
    case RequestCode.LITE_PULL_MESSAGE:
      return (Number(fields['sysFlag']) & PullSysFlag.COMMIT_OFFSET) !== 0 && isAbout('topic', 'consumerGroup') && commits();
    case RequestCode.INVOKE_BROKER_TO_RESET_OFFSET:
      return isAbout('topic', 'group');
    case RequestCode.CLONE_GROUP_OFFSET:
      return fields['destGroup'] === group;
    case RequestCode.DELETE_SUBSCRIPTIONGROUP:
      return fields['groupName'] === group && to === undefined;
    case RequestCode.DELETE_TOPIC_IN_BROKER:
      // Its retry topics go with it.
      return to === undefined && (fields['topic'] === topic || topic.startsWith('%'));
    default:
      return false;
  }
}
