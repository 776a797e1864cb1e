/**
 * GET_ALL_PRODUCER_INFO (328): the live producers of all groups (Java: AdminBrokerProcessor, ProducerTableInfo; page 32 §2). They
 * may be some hundred thousand: others have their turn between them, and what no frame holds is refused when that is known. One
 * at a time, so that asking again and again costs one answer's memory.
 */
import type { Timers } from '@orbitmq/core/kernel';
import {
  languageName,
  type ProducerInfo,
  producerTableSteps,
  producerText,
  type RemotingCommand,
  ResponseCode,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ProducerChannel, ProducerManager } from '../../../client/producer-manager.js';
import { inTurns } from '../../../metadata/next-turn.js';
import { refuse } from '../refuse.js';
import { answerTable, refuseTable } from '../table-answer.js';
import { TableWalk } from '../table-walk.js';

export interface AllProducersProcessorOptions {
  readonly timers: Timers;
  readonly producers: Pick<ProducerManager, 'channels' | 'groupNames'>;
}

export class AllProducersProcessor implements RequestProcessor {
  readonly #options: AllProducersProcessorOptions;
  #isRunning = false;

  constructor(options: AllProducersProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    if (this.#isRunning) {
      const remark = '[OVERLOAD]system busy, the producers of all groups are being collected for somebody else';
      refuse(request, connection, { code: ResponseCode.SYSTEM_BUSY, remark });
      return;
    }
    this.#isRunning = true;
    try {
      const body = await this.#body();
      if (body === undefined) refuseTable(request, connection);
      else answerTable(request, connection, { extFields: {}, body });
    } finally {
      this.#isRunning = false;
    }
  }

  /** Undefined when no frame holds it. */
  async #body(): Promise<Buffer | undefined> {
    const { producers, timers } = this.#options;
    const walk = new TableWalk(timers);
    const table = new Map<string, readonly string[]>();
    for (const group of producers.groupNames()) {
      walk.keep(group);
      const texts: string[] = [];
      // A group may be gone by now; none is without a producer.
      for (const channel of producers.channels(group) ?? []) {
        const pause = walk.step();
        if (pause !== undefined) await pause;
        const text = producerText(infoOf(channel));
        walk.keep(text);
        if (walk.isFull) return undefined;
        texts.push(text);
      }
      if (texts.length > 0) table.set(group, texts);
    }
    return await inTurns(timers, producerTableSteps(table));
  }
}

function infoOf({ clientId, connection, language, version, lastHeartbeatAt }: ProducerChannel): ProducerInfo {
  return {
    clientId,
    remoteAddress: connection.remoteAddress,
    language: languageName(language),
    version,
    lastUpdateTimestamp: lastHeartbeatAt,
  };
}
