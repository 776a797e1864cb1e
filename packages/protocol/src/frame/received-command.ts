import { parseBinaryExtFields } from './binary-ext-fields.js';
import { parseJsonExtFields } from './json-ext-fields.js';
import { type ExtFields, type RemotingCommand, SerializeType } from './remoting-command.js';

/** Ordinal of `JAVA`, the language of a header that names none. */
export const languageJava = 0;

/**
 * A frame as it came in. The header has been checked when this exists; the fixed fields are read, `extFields`, `remark` and
 * `body` are made when somebody asks: hot requests read their fields from the bytes and never do. Keeps the whole received
 * chunk alive as long as it is kept itself.
 */
export class ReceivedCommand implements RemotingCommand {
  code = 0;
  language = languageJava;
  version = 0;
  opaque = 0;
  flag = 0;
  readonly serializeType: SerializeType;
  /** The bytes the positions below refer to. */
  bytes: Buffer;
  readonly #bodyStart: number;
  readonly #bodyEnd: number;
  /** Where the extended fields stand; -1: there are none. JSON: with the braces. */
  extStart = -1;
  extEnd = -1;
  /** JSON: all extended fields are strings. */
  isExtText = false;
  /** Scan that noted where the single fields stand (`latestFieldSpans`). */
  fieldScan = 0;
  /** Where the remark stands; JSON: with its quotes. */
  remarkStart = -1;
  remarkEnd = -1;
  // There from the beginning: a field that is added later would make a second kind of command, and cost every reader of one.
  beganUs = 0;
  wasHeld = false;
  #extFields: ExtFields | undefined;
  #remark: string | undefined;
  #body: Buffer | undefined;

  constructor(serializeType: SerializeType, bytes: Buffer, bodyStart: number, bodyEnd: number) {
    this.serializeType = serializeType;
    this.bytes = bytes;
    this.#bodyStart = bodyStart;
    this.#bodyEnd = bodyEnd;
  }

  get extFields(): ExtFields | undefined {
    if (this.#extFields === undefined && this.extStart >= 0) {
      this.#extFields =
        this.serializeType === SerializeType.JSON
          ? parseJsonExtFields(this.bytes, this.extStart, this.extEnd, this.isExtText)
          : parseBinaryExtFields(this.bytes, this.extStart, this.extEnd);
    }
    return this.#extFields;
  }

  get remark(): string | undefined {
    if (this.#remark === undefined && this.remarkStart >= 0) {
      const text = this.bytes.toString('utf8', this.remarkStart, this.remarkEnd);
      this.#remark = this.serializeType === SerializeType.JSON ? (JSON.parse(text) as string) : text;
    }
    return this.#remark;
  }

  get body(): Buffer | undefined {
    if (this.#body === undefined && this.#bodyEnd > this.#bodyStart) {
      this.#body = this.bytes.subarray(this.#bodyStart, this.#bodyEnd);
    }
    return this.#body;
  }

  /** Lets go of the received chunk: from now on only the fixed fields are there. A command with a body keeps it. */
  release(): void {
    if (this.#bodyEnd > this.#bodyStart) return;
    this.bytes = noBytes;
    this.extStart = -1;
    this.remarkStart = -1;
  }
}

const noBytes = Buffer.alloc(0);

/**
 * For a request that waits for long before it is answered: without a body it keeps no more than its fixed fields, so that it does
 * not hold the received chunk. The caller has read the header.
 */
export function releaseReceivedBytes(command: RemotingCommand): void {
  if (command instanceof ReceivedCommand) command.release();
}
