import { languageOther } from '../language-code.js';
import { ownVersion } from '../version.js';

export type ExtFields = Record<string, string>;

/** Header serialization of a frame (page 01 §1). */
export const SerializeType = { JSON: 0, ROCKETMQ: 1 } as const;
export type SerializeType = (typeof SerializeType)[keyof typeof SerializeType];

/** Bit 0 of `flag`: this frame answers a request. */
export const flagResponse = 1;
/** Bit 1 of `flag`: the receiver sends nothing back. */
export const flagOneway = 2;

/**
 * One frame (Java: RemotingCommand). `body` is a view of the bytes that were received: whoever keeps part of it for long
 * copies that part. A body of no bytes reads as `undefined`, as on the wire.
 */
export interface RemotingCommand {
  readonly code: number;
  readonly language: number;
  readonly version: number;
  opaque: number;
  readonly flag: number;
  readonly remark: string | undefined;
  readonly serializeType: SerializeType;
  readonly extFields: ExtFields | undefined;
  readonly body: Buffer | undefined;
  /** Not on the wire, for who measures: when work on a request began, monotonic microseconds in 32 bits, so that no number is allocated. */
  beganUs?: number;
  /** Not on the wire, for who measures: a pull that waited for messages. */
  wasHeld?: boolean;
}

export function isResponse(command: RemotingCommand): boolean {
  return (command.flag & flagResponse) !== 0;
}

export function isOneway(command: RemotingCommand): boolean {
  return (command.flag & flagOneway) !== 0;
}

export interface CommandFields {
  readonly extFields?: ExtFields | undefined;
  readonly body?: Buffer | undefined;
  readonly remark?: string | undefined;
}

/** A request; the client assigns `opaque` when it sends it. */
export function createRequest(code: number, fields: CommandFields = {}, oneway = false): RemotingCommand {
  return {
    code,
    language: languageOther,
    version: ownVersion,
    opaque: 0,
    flag: oneway ? flagOneway : 0,
    remark: fields.remark,
    serializeType: SerializeType.JSON,
    extFields: fields.extFields,
    body: fields.body,
  };
}

/** The answer to `request`: same opaque and serialization. */
export function createResponse(request: RemotingCommand, code: number, fields: CommandFields = {}): RemotingCommand {
  return {
    code,
    language: languageOther,
    version: ownVersion,
    opaque: request.opaque,
    flag: flagResponse,
    remark: fields.remark,
    serializeType: request.serializeType,
    extFields: fields.extFields,
    body: fields.body,
  };
}
