import { createResponse, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import { encodeTimerCheck } from '../../timer/timer-check.js';
import type { TimerService } from '../../timer/timer-service.js';

/** GET_TIMER_CHECK_POINT (60) (Java: AdminBrokerProcessor.getTimerCheckPoint): how far the timer is, as the 56 bytes of its file. */
export class TimerCheckPointProcessor implements RequestProcessor {
  readonly #timer: Pick<TimerService, 'check'> | undefined;

  constructor(timer: Pick<TimerService, 'check'> | undefined) {
    this.#timer = timer;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const response =
      this.#timer === undefined
        ? createResponse(request, ResponseCode.SYSTEM_ERROR, { remark: 'The checkpoint is null: timerWheelEnable is false' })
        : createResponse(request, ResponseCode.SUCCESS, { body: encodeTimerCheck(this.#timer.check) });
    connection.respond(request, response);
  }
}
