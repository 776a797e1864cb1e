import {
  createResponse,
  type FrameSource,
  type FrameWriter,
  type RemotingCommand,
  ResponseCode,
  type SerializeType,
  writeSendMessageResponse,
} from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';
import { MessageType } from '../../stats/message-type.js';
import type { TopicPuts } from '../../stats/traffic-counters.js';
import type { PutStatus, PutWaiter } from '../../store/message-store.js';
import type { DiskPercents } from '../../store/retention/disk-guard.js';
import { diskFigures } from './disk-figures.js';
import type { InFlightGauge } from './in-flight-gauge.js';
import type { MessageHosts } from './message-hosts.js';
import type { Refusal } from './refusal.js';

/** What all answers to sends share. */
export interface SendAnswerContext {
  readonly hosts: MessageHosts;
  readonly inFlight: InFlightGauge;
  readonly regionId: string;
  readonly traceOn: boolean;
  readonly failures: PutFailures;
  /** How full the partitions of the store are. */
  readonly diskUsage: () => DiskPercents;
}

/** Sends of which nothing was stored are counted there. */
interface PutFailures {
  putFailures: number;
}

/** Response code and words of a put that is not a plain success (page 24 §3). 10 means stored; the others mean not stored. */
export function codeOfPut(status: PutStatus): number {
  switch (status) {
    case 'PUT_OK':
      return ResponseCode.SUCCESS;
    case 'FLUSH_DISK_TIMEOUT':
    case 'TOPIC_NOT_WRITTEN':
      return ResponseCode.FLUSH_DISK_TIMEOUT;
    case 'SERVICE_NOT_AVAILABLE':
    case 'DISK_FULL':
      return ResponseCode.SERVICE_NOT_AVAILABLE;
    case 'BUSY':
      return ResponseCode.SYSTEM_BUSY;
    case 'MESSAGE_ILLEGAL':
    case 'PROPERTIES_SIZE_EXCEEDED':
      return ResponseCode.MESSAGE_ILLEGAL;
  }
}

export function remarkOfPut(status: PutStatus): string | undefined {
  switch (status) {
    case 'PUT_OK':
      return undefined;
    case 'FLUSH_DISK_TIMEOUT':
      return 'the message is stored, but its flush took longer than syncFlushTimeout';
    case 'TOPIC_NOT_WRITTEN':
      return 'the message is stored, but its topic is new and topics.json could not be written';
    case 'SERVICE_NOT_AVAILABLE':
      return 'service not available now: the broker is stopping or its store refuses writes';
    case 'DISK_FULL':
      return "service not available now: the broker's disk is full; nothing was stored";
    case 'BUSY':
      return '[PC_SYNCHRONIZED]broker busy, too much waits for the disk';
    case 'MESSAGE_ILLEGAL':
      return 'the message is illegal: its body is larger than maxMessageSize, or its topic is longer than 127 bytes';
    case 'PROPERTIES_SIZE_EXCEEDED':
      return 'the message is illegal: its properties with those of the broker are larger than 32767 bytes';
  }
}

/** Refuses a send. Java clients read the region and the trace switch of every answer, errors included (page 03 §2). */
export function refuseSend(
  request: RemotingCommand,
  connection: ServerConnection,
  context: SendAnswerContext,
  refusal: Refusal,
): void {
  const extFields = { MSG_REGION: context.regionId, TRACE_ON: String(context.traceOn) };
  connection.respond(request, createResponse(request, refusal.code, { remark: refusal.remark, extFields }));
}

/**
 * One send on its way: it waits for the put, then writes its own answer. It is at once the waiter, the frame source and the
 * fields of the answer, so that a message costs one object. The answer leaves after the durability that its code names; a
 * message whose fate nobody knows gets none.
 */
export class SendAnswer implements PutWaiter, FrameSource {
  readonly opaque: number;
  readonly serializeType: SerializeType;
  readonly queueId: number;
  readonly transactionId: string | undefined;
  readonly regionId: string;
  readonly traceOn: boolean;
  /** Of a timed message, set before it is put. */
  recallHandle: string | undefined;
  code: number = ResponseCode.SUCCESS;
  remark: string | undefined;
  offsetMsgId = '';
  queueOffset = -1;
  readonly #request: RemotingCommand;
  readonly #connection: ServerConnection;
  readonly #context: SendAnswerContext;
  readonly #puts: TopicPuts | undefined;
  readonly #messageCount: number;
  readonly #type: MessageType;
  readonly #sizeBytes: number;

  /**
   * `queueId` is the queue that the sender asked for, which a delayed or half message is not in yet. What is stored is counted in
   * `puts`: messages, and bytes of their records.
   */
  constructor(
    request: RemotingCommand,
    connection: ServerConnection,
    context: SendAnswerContext,
    queueId: number,
    transactionId: string | undefined,
    puts: TopicPuts | undefined,
    messageCount: number,
    sizeBytes: number,
    type: MessageType = MessageType.NORMAL,
  ) {
    this.opaque = request.opaque;
    this.serializeType = request.serializeType;
    this.queueId = queueId;
    this.transactionId = transactionId;
    this.regionId = context.regionId;
    this.traceOn = context.traceOn;
    this.#request = request;
    this.#connection = connection;
    this.#context = context;
    this.#puts = puts;
    this.#messageCount = messageCount;
    this.#type = type;
    this.#sizeBytes = sizeBytes;
    context.inFlight.enter();
  }

  /** Called once per message of a batch: ids are joined by commas, the offset is the first one's (page 03 §2). */
  onAppended(physicalOffset: number, queueOffset: number): void {
    const id = this.#context.hosts.messageIds.idOf(physicalOffset);
    if (this.queueOffset < 0) {
      this.queueOffset = queueOffset;
      this.offsetMsgId = id;
    } else {
      this.offsetMsgId += `,${id}`;
    }
  }

  onDone(status: PutStatus): void {
    this.#context.inFlight.leave();
    if (status === 'SERVICE_NOT_AVAILABLE' && this.offsetMsgId !== '') {
      this.#context.failures.putFailures += 1;
      // The disk failed under the message: the next start may find it or not. Any code would be a claim, so the connection
      // ends without an answer, which clients of every version take for an unknown outcome.
      this.#connection.close();
      return;
    }
    this.code = codeOfPut(status);
    if (this.code === ResponseCode.SUCCESS || this.code === ResponseCode.FLUSH_DISK_TIMEOUT) {
      this.#puts?.add(this.#messageCount, this.#sizeBytes, this.#type);
      this.remark = remarkOfPut(status);
      this.#connection.respondFrame(this.#request, this);
    } else {
      this.#context.failures.putFailures += 1;
      refuseSend(this.#request, this.#connection, this.#context, { code: this.code, remark: this.#refusal(status) });
    }
  }

  #refusal(status: PutStatus): string {
    const remark = remarkOfPut(status) ?? status;
    return this.code === ResponseCode.SERVICE_NOT_AVAILABLE ? `${remark} [${diskFigures(this.#context.diskUsage())}]` : remark;
  }

  writeFrame(writer: FrameWriter): void {
    writeSendMessageResponse(writer, this);
  }
}
