import { isMqError, systemEnvironment } from '@orbitmq/core/kernel';
import { createRequest, type ExtFields, type RemotingCommand, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient, type RemotingClient, tcpNetwork } from '@orbitmq/remoting';

export interface RawRequest {
  readonly code: number;
  readonly extFields?: ExtFields | undefined;
  readonly body?: Buffer | string | undefined;
  /** What the sender says it is; ours otherwise. */
  readonly version?: number | undefined;
}

const timeoutMs = 10_000;

/** Requests as one writes them, frame by frame: what no client sends as well. */
export class RawBroker {
  readonly #client: RemotingClient;
  readonly #address: string;

  private constructor(client: RemotingClient, address: string) {
    this.#client = client;
    this.#address = address;
  }

  static async connect(address: string): Promise<RawBroker> {
    const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
    await client.start();
    return new RawBroker(client, address);
  }

  async ask({ code, extFields, body, version }: RawRequest): Promise<RemotingCommand> {
    const request = createRequest(code, { extFields, body: typeof body === 'string' ? Buffer.from(body) : body });
    const sent = version === undefined ? request : { ...request, version };
    return this.#client.invoke(this.#address, sent, { timeoutMs });
  }

  /** The response code, or why none came. */
  async codeOf(request: RawRequest): Promise<number | string> {
    try {
      return (await this.ask(request)).code;
    } catch (error) {
      if (!isMqError(error)) throw error;
      return error.code;
    }
  }

  /** Sets keys of the running broker. */
  async configure(text: string): Promise<void> {
    const { code, remark } = await this.ask({ code: RequestCode.UPDATE_BROKER_CONFIG, body: `${text}\n` });
    if (code !== ResponseCode.SUCCESS) throw new Error(`the configuration was not changed: ${code} ${remark}`);
  }

  async createTopic(topic: string, fields: ExtFields = {}): Promise<number | string> {
    const extFields = {
      topic,
      defaultTopic: 'TBW102',
      readQueueNums: '4',
      writeQueueNums: '4',
      perm: '6',
      topicFilterType: 'SINGLE_TAG',
      topicSysFlag: '0',
      order: 'false',
      ...fields,
    };
    return this.codeOf({ code: RequestCode.UPDATE_AND_CREATE_TOPIC, extFields });
  }

  stop(): Promise<void> {
    return this.#client.stop({ deadlineMs: 0 });
  }
}
