import {
  type FrameSource,
  type FrameWriter,
  type Loan,
  type RemotingCommand,
  ResponseCode,
  SerializeType,
  writePullMessageResponse,
} from '@orbitmq/protocol';
import type { GetMessageResult } from '../../store/message-store.js';

/** Response code of a read (page 04 §3). In an empty queue only offset 0 is right; every other one is told to move. */
export function codeOfRead(result: Pick<GetMessageResult, 'status'>, queueOffset: number): number {
  switch (result.status) {
    case 'FOUND':
      return ResponseCode.SUCCESS;
    case 'NO_MATCHED_MESSAGE':
    case 'MESSAGE_WAS_REMOVING':
      return ResponseCode.PULL_RETRY_IMMEDIATELY;
    case 'OFFSET_FOUND_NULL':
    case 'OFFSET_OVERFLOW_ONE':
      return ResponseCode.PULL_NOT_FOUND;
    case 'OFFSET_OVERFLOW_BADLY':
    case 'OFFSET_TOO_SMALL':
    case 'OFFSET_RESET':
      return ResponseCode.PULL_OFFSET_MOVED;
    case 'NO_MATCHED_LOGIC_QUEUE':
    case 'NO_MESSAGE_IN_QUEUE':
      return queueOffset === 0 ? ResponseCode.PULL_NOT_FOUND : ResponseCode.PULL_OFFSET_MOVED;
  }
}

/** The answer to a pull: the fields of the frame and its writer in one object; the messages go out as slices of the log. */
export class PullAnswer implements FrameSource {
  readonly opaque: number;
  readonly serializeType: SerializeType;
  readonly code: number;
  readonly remark: string;
  /** This broker; there are no slaves to send readers to. */
  readonly suggestWhichBrokerId = 0;
  readonly nextBeginOffset: number;
  readonly minOffset: number;
  readonly maxOffset: number;
  readonly slices: readonly Buffer[];
  readonly sizeBytes: number;
  readonly #loan: Loan | undefined;

  constructor(request: RemotingCommand, code: number, result: GetMessageResult) {
    this.opaque = request.opaque;
    this.serializeType = request.serializeType;
    this.code = code;
    this.remark = result.status;
    this.nextBeginOffset = result.nextBeginOffset;
    this.minOffset = result.minOffset;
    this.maxOffset = result.maxOffset;
    this.slices = result.slices;
    this.sizeBytes = result.sizeBytes;
    this.#loan = result.sizeBytes > 0 ? result.loan : undefined;
  }

  writeFrame(writer: FrameWriter): void {
    const referencedBefore = writer.referencedBytes;
    writePullMessageResponse(writer, this);
    if (this.#loan === undefined) return;
    // A frame with a binary header has the messages as one copy.
    const isCopied = this.serializeType === SerializeType.ROCKETMQ || writer.referencedBytes === referencedBefore;
    if (isCopied) this.#loan.giveBack();
    else writer.borrow(this.#loan);
  }
}
