/** CHECK_CLIENT_CONFIG (46): a consumer asks before it starts whether its filter will work (Java: ClientManageProcessor; page 05 §2). */
import { createResponse, decodeCheckClientConfig, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import { requestBody } from '../request-body.js';

const tagExpressionType = 'TAG';

export class CheckClientConfigProcessor implements RequestProcessor {
  process(request: RemotingCommand, connection: ServerConnection): void {
    const { subscription } = decodeCheckClientConfig(requestBody(request));
    const type = subscription.expressionType;
    const response =
      type === '' || type === tagExpressionType
        ? createResponse(request, ResponseCode.SUCCESS)
        : createResponse(request, ResponseCode.SYSTEM_ERROR, {
            remark: `The broker does not support consumer to filter message by ${type}`,
          });
    connection.respond(request, response);
  }
}
