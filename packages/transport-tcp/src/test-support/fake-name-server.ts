import type { Environment } from '@orbitmq/core/kernel';
import {
  createResponse,
  encodeRoute,
  getRouteInfoHeader,
  RequestCode,
  ResponseCode,
  type TopicRouteData,
} from '@orbitmq/protocol';
import { createRemotingServer, type InProcessNetwork, type RemotingServer } from '@orbitmq/remoting';

/** Answers route requests from a table that the test fills; counts what it was asked. */
export class FakeNameServer {
  readonly routes = new Map<string, TopicRouteData>();
  /** Topics asked for, in order. */
  readonly asked: string[] = [];
  /** How it answers: as it should, with an error code, or never. */
  mood: 'well' | 'refusing' | 'silent' = 'well';
  readonly address: string;
  readonly #server: RemotingServer;

  constructor(environment: Environment, network: InProcessNetwork, port: number) {
    this.address = `127.0.0.1:${port}`;
    this.#server = createRemotingServer({ environment, listener: network, host: '127.0.0.1', port });
    this.#server.registerProcessor([RequestCode.GET_ROUTEINFO_BY_TOPIC], {
      process: (request, connection) => {
        const { topic } = getRouteInfoHeader.decodeCommand(request);
        this.asked.push(topic);
        if (this.mood === 'silent') return;
        const route = this.routes.get(topic);
        if (this.mood === 'refusing') {
          connection.respond(request, createResponse(request, ResponseCode.SYSTEM_ERROR, { remark: 'name server not ready' }));
        } else if (route === undefined) {
          connection.respond(request, createResponse(request, ResponseCode.TOPIC_NOT_EXIST, { remark: 'No topic route info' }));
        } else {
          const body = encodeRoute(route, { standardJson: true });
          connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body }));
        }
      },
    });
  }

  start(): Promise<void> {
    return this.#server.start();
  }

  stop(): Promise<void> {
    return this.#server.stop({ deadlineMs: 0 });
  }

  countOf(topic: string): number {
    return this.asked.filter((asked) => asked === topic).length;
  }
}
