/** CHECK_CLIENT_CONFIG (46): a consumer asks before it starts whether its filter will work (Java: ClientManageProcessor; page 05 §2). */
import { createResponse, decodeCheckClientConfig, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../config/broker-config.js';
import { isTagType, sqlExpressionType } from '../../filter/expression-type.js';
import { compileSqlFilter } from '../../filter/sql/sql-filter.js';
import { requestBody } from '../request-body.js';

export class CheckClientConfigProcessor implements RequestProcessor {
  readonly #config: Pick<BrokerConfig, 'enablePropertyFilter'>;

  constructor(config: Pick<BrokerConfig, 'enablePropertyFilter'>) {
    this.#config = config;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { subscription } = decodeCheckClientConfig(requestBody(request));
    connection.respond(request, this.#answer(request, subscription.expressionType, subscription.subString));
  }

  #answer(request: RemotingCommand, type: string, expression: string): RemotingCommand {
    if (isTagType(type)) return createResponse(request, ResponseCode.SUCCESS);
    if (!this.#config.enablePropertyFilter) {
      const remark = `The broker does not support consumer to filter message by ${type}`;
      return createResponse(request, ResponseCode.SYSTEM_ERROR, { remark });
    }
    const problem = problemOf(type, expression);
    if (problem === undefined) return createResponse(request, ResponseCode.SUCCESS);
    return createResponse(request, ResponseCode.SUBSCRIPTION_PARSE_FAILED, { remark: problem });
  }
}

function problemOf(type: string, expression: string): string | undefined {
  if (type !== sqlExpressionType) return `there are no expressions of type ${type.slice(0, 64)}`;
  const compilation = compileSqlFilter(expression);
  return compilation.filter === undefined ? compilation.problem : undefined;
}
