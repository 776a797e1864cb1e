import { fastjsonBody } from './write-fastjson.js';

/** Java: CMResult. */
export type DirectConsumeResult =
  | 'CR_SUCCESS'
  | 'CR_LATER'
  | 'CR_ROLLBACK'
  | 'CR_COMMIT'
  | 'CR_THROW_EXCEPTION'
  | 'CR_RETURN_NULL';

/** A client's answer to CONSUME_MESSAGE_DIRECTLY (309) (Java: ConsumeMessageDirectlyResult; page 32 §3). */
export interface ConsumeDirectlyResult {
  readonly consumeResult: DirectConsumeResult;
  readonly isOrderly: boolean;
  readonly spentTimeMs: number;
  readonly remark?: string | undefined;
}

export function encodeConsumeDirectlyResult(result: ConsumeDirectlyResult): Buffer {
  return fastjsonBody({
    autoCommit: true,
    consumeResult: result.consumeResult,
    order: result.isOrderly,
    remark: result.remark,
    spentTimeMills: result.spentTimeMs,
  });
}
