import { ResponseCode } from '@orbitmq/protocol';

/** Why a request is not carried out: RocketMQ's response code, and words for the operator. */
export class Refusal {
  readonly code: number;
  readonly remark: string;

  constructor(code: number, remark: string) {
    this.code = code;
    this.remark = remark;
  }
}

/** The bracket tag is what operators search for (page 24). */
export function overload(what: string): Refusal {
  return new Refusal(ResponseCode.SYSTEM_BUSY, `[OVERLOAD]system busy, start flow control for a while: ${what}`);
}
