/**
 * VIEW_BROKER_STATS_DATA (315) (Java: AdminBrokerProcessor.viewBrokerStatsData; page 32 §3.2). What was never counted gets 1, which
 * `statsAll` and the dashboard take for nothing.
 */
import {
  createResponse,
  encodeBrokerStatsData,
  type RemotingCommand,
  ResponseCode,
  viewBrokerStatsHeader,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerStats } from '../../../stats/broker-stats.js';
import { refuse } from '../refuse.js';

export class ViewStatsProcessor implements RequestProcessor {
  readonly #stats: Pick<BrokerStats, 'find'>;

  constructor(stats: Pick<BrokerStats, 'find'>) {
    this.#stats = stats;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { statsKey, statsName } = viewBrokerStatsHeader.decodeCommand(request);
    const item = this.#stats.find(statsName, statsKey);
    if (item === undefined) {
      const remark = `The stats <${statsName}> <${statsKey}> not exist`;
      refuse(request, connection, { code: ResponseCode.SYSTEM_ERROR, remark });
      return;
    }
    const body = encodeBrokerStatsData({
      statsMinute: item.minute.sum(),
      statsHour: item.hour.sum(),
      statsDay: item.day.sum(),
    });
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body }));
  }
}
