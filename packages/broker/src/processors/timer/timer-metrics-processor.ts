import { createResponse, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { TimerService } from '../../timer/timer-service.js';

/** GET_TIMER_METRICS (61) (Java: AdminBrokerProcessor.getTimerMetrics): how many messages of each topic wait, as JSON. */
export class TimerMetricsProcessor implements RequestProcessor {
  readonly #timer: Pick<TimerService, 'metricsJson'> | undefined;

  constructor(timer: Pick<TimerService, 'metricsJson'> | undefined) {
    this.#timer = timer;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const response =
      this.#timer === undefined
        ? createResponse(request, ResponseCode.SYSTEM_ERROR, {
            remark: 'The timer message store is null: timerWheelEnable is false',
          })
        : createResponse(request, ResponseCode.SUCCESS, { body: Buffer.from(this.#timer.metricsJson) });
    connection.respond(request, response);
  }
}
