import type { Environment } from '@orbitmq/core/kernel';
import {
  createResponse,
  decodeBatch,
  decodeHeartbeat,
  decodeProperties,
  decodeSendMessage,
  type ExtFields,
  encodeHost,
  encodeOffsetMessageId,
  type HeartbeatData,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  type SendMessageHeader,
} from '@orbitmq/protocol';
import { createRemotingServer, type InProcessNetwork, type RemotingServer, type ServerConnection } from '@orbitmq/remoting';

export interface ReceivedSend {
  readonly code: number;
  readonly isOneway: boolean;
  readonly header: SendMessageHeader;
  readonly properties: Record<string, string>;
  readonly body: Buffer;
}

/** What a send is answered: a code with a remark, nothing, or the end of the connection. */
export type SendReaction =
  | { readonly code: number; readonly remark?: string; readonly extFields?: ExtFields }
  | 'silence'
  | 'hang-up';

/** Takes everything a client sends, remembers it, and answers sends as the test says. */
export class FakeBroker {
  readonly name: string;
  readonly address: string;
  readonly sends: ReceivedSend[] = [];
  readonly heartbeats: HeartbeatData[] = [];
  readonly unregistered: ExtFields[] = [];
  readonly endedTransactions: { readonly extFields: ExtFields; readonly remark: string | undefined; readonly from: string }[] =
    [];
  /** Reactions to the next sends, in order; afterwards all succeed. */
  readonly reactions: SendReaction[] = [];
  /** Takes no heartbeat, as a process that was stopped. */
  isHeartbeatIgnored = false;
  readonly #server: RemotingServer;
  readonly #connections = new Set<ServerConnection>();
  #queueOffset = 0;

  constructor(environment: Environment, network: InProcessNetwork, name: string, port: number) {
    this.name = name;
    this.address = `127.0.0.1:${port}`;
    this.#server = createRemotingServer({ environment, listener: network, host: '127.0.0.1', port });
    const register = (codes: readonly number[], take: (request: RemotingCommand, connection: ServerConnection) => void): void =>
      this.#server.registerProcessor(codes, {
        process: (request, connection) => {
          this.#connections.add(connection);
          take(request, connection);
        },
      });
    register([RequestCode.SEND_MESSAGE_V2, RequestCode.SEND_BATCH_MESSAGE], (request, connection) =>
      this.#takeSend(request, connection),
    );
    register([RequestCode.HEART_BEAT], (request, connection) => {
      this.heartbeats.push(decodeHeartbeat(request.body ?? Buffer.alloc(0)));
      if (this.isHeartbeatIgnored) return;
      connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
    });
    register([RequestCode.UNREGISTER_CLIENT], (request, connection) => {
      this.unregistered.push(request.extFields ?? {});
      connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
    });
    register([RequestCode.END_TRANSACTION], (request, connection) => {
      const { extFields = {}, remark } = request;
      this.endedTransactions.push({ extFields, remark, from: connection.remoteAddress });
    });
  }

  get connectionCount(): number {
    return this.#server.connectionCount;
  }

  start(): Promise<void> {
    return this.#server.start();
  }

  stop(): Promise<void> {
    return this.#server.stop({ deadlineMs: 0 });
  }

  /** Tells every client that has spoken. */
  notify(request: RemotingCommand): void {
    for (const connection of this.#connections) if (connection.isOpen) connection.notify(request);
  }

  hangUp(): void {
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
  }

  #takeSend(request: RemotingCommand, connection: ServerConnection): void {
    const header = decodeSendMessage(request);
    const body = Buffer.from(request.body ?? Buffer.alloc(0));
    const isOneway = (request.flag & 2) !== 0;
    this.sends.push({ code: request.code, isOneway, header, properties: decodeProperties(header.properties ?? ''), body });
    const reaction = this.reactions.shift() ?? { code: ResponseCode.SUCCESS };
    if (reaction === 'silence') return;
    if (reaction === 'hang-up') {
      connection.close();
      return;
    }
    const count = header.batch === true ? decodeBatch(body).length : 1;
    const queueOffset = this.#queueOffset;
    this.#queueOffset += count;
    const host = encodeHost(this.address);
    const ids = Array.from({ length: count }, (_, index) => encodeOffsetMessageId(host, 1000 * (queueOffset + index)));
    const extFields = {
      msgId: ids.join(','),
      queueId: String(header.queueId),
      queueOffset: String(queueOffset),
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
    };
    connection.respond(
      request,
      createResponse(request, reaction.code, { extFields: reaction.extFields ?? extFields, remark: reaction.remark }),
    );
  }
}
