/** Why a request is not begun: RocketMQ's code, and a remark that begins with the tag that operators search for (page 24). */
export interface FlowRefusal {
  readonly code: number;
  readonly remark: string;
}
