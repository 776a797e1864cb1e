/**
 * `GET /metrics` over HTTP (Java: PrometheusHttpServer of BrokerMetricsManager): the only file of the broker that touches
 * `node:http`. Bounded: connections, time for a request, and one text at a time, which all who ask meanwhile get.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { InvariantError, type Lifecycle, type Logger, TransportError } from '@orbitmq/core/kernel';
import { prometheusContentType } from './prometheus-text.js';

export interface MetricsEndpointOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly logger: Logger;
  /** The answer as it is now. */
  readonly text: () => Promise<string>;
}

const connectionsMax = 16;
const requestTimeoutMs = 10_000;
const headerBytesMax = 8192;

export class MetricsEndpoint implements Lifecycle {
  readonly #options: MetricsEndpointOptions;
  readonly #server: Server;
  #text: Promise<string> | undefined;

  constructor(options: MetricsEndpointOptions) {
    this.#options = options;
    const limits = { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs, maxHeaderSize: headerBytesMax };
    this.#server = createServer(limits, (request, response) => void this.#answer(request, response));
    this.#server.maxConnections = connectionsMax;
  }

  /** The bound port, after `start()`. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Rejects with a `TransportError` `LISTEN_FAILED` or `ADDRESS_IN_USE`. */
  async start(): Promise<void> {
    const { host, logger, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => {
        const code = error.code === 'EADDRINUSE' ? 'ADDRESS_IN_USE' : 'LISTEN_FAILED';
        reject(
          new TransportError(code, `Cannot serve metrics at ${host}:${port}: ${error.message}`, {
            outcome: 'not-sent',
            retryable: false,
            details: { host, port },
            cause: error,
          }),
        );
      };
      this.#server.once('error', onError);
      this.#server.listen(port, host, () => {
        this.#server.off('error', onError);
        this.#server.on('error', (error) => logger.warn('the metrics endpoint has a problem', { error }));
        logger.info('metrics are served', { host, port: this.port });
        resolve();
      });
    });
  }

  /** Whoever waits for an answer loses its connection: a scrape is asked again. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path] = (request.url ?? '').split('?', 1);
    if (path !== '/metrics') {
      end(response, 404, 'metrics are at /metrics\n');
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      end(response, 405, 'only GET\n');
    } else {
      try {
        this.#text ??= this.#options.text().finally(() => {
          this.#text = undefined;
        });
        end(response, 200, await this.#text, prometheusContentType);
      } catch (error) {
        if (error instanceof InvariantError) throw error;
        this.#options.logger.error('the metrics could not be gathered', { error });
        end(response, 500, 'the metrics could not be gathered\n');
      }
    }
  }
}

function end(response: ServerResponse, status: number, text: string, contentType = 'text/plain; charset=utf-8'): void {
  if (response.destroyed) return;
  const body = Buffer.from(text, 'utf8');
  response.writeHead(status, { 'content-type': contentType, 'content-length': body.length });
  response.end(body);
}
