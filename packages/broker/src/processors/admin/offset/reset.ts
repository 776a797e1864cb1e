/**
 * INVOKE_BROKER_TO_RESET_OFFSET (222) in the mode that `useServerSideResetOffset` names (Java: AdminBrokerProcessor.resetOffset;
 * page 32 §5).
 */
import {
  createResponse,
  encodeResetOffsetBody,
  type QueueOffsets,
  type RemotingCommand,
  type ResetOffsetHeader,
  ResponseCode,
  resetOffsetHeader,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../../config/broker-config.js';
import { isBrokerGroup } from '../../../offset/client-offsets.js';
import { refuse } from '../refuse.js';

/** What a mode makes of a request: the offsets that hold now, or why nothing was changed. */
export type ResetOutcome =
  | { readonly kind: 'reset'; readonly offsets: QueueOffsets }
  | { readonly kind: 'refused'; readonly code: number; readonly remark: string };

export interface ResetMode {
  reset(header: ResetOffsetHeader): Promise<ResetOutcome>;
}

export interface ResetOffsetProcessorOptions {
  readonly config: Pick<BrokerConfig, 'useServerSideResetOffset'>;
  readonly atBroker: ResetMode;
  readonly atClients: ResetMode;
}

export class ResetOffsetProcessor implements RequestProcessor {
  readonly #options: ResetOffsetProcessorOptions;

  constructor(options: ResetOffsetProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const header = resetOffsetHeader.decodeCommand(request);
    if (isBrokerGroup(header.group)) {
      const remark = `the offsets of group ${header.group} are the broker's own`;
      refuse(request, connection, { code: ResponseCode.NO_PERMISSION, remark });
      return;
    }
    const { config, atBroker, atClients } = this.#options;
    const outcome = await (config.useServerSideResetOffset ? atBroker : atClients).reset(header);
    if (outcome.kind === 'refused') {
      refuse(request, connection, outcome);
      return;
    }
    const body = encodeResetOffsetBody(outcome.offsets);
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body }));
  }
}
