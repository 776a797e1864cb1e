import { type ByteStream, type ByteStreamHandlers, type Dialer, type DialOptions, tcpNetwork } from '@orbitmq/remoting';

/** Real sockets, of which one can be cut in the middle of a request: it left, and its answer is thrown away with the connection. */
export class CuttingDialer implements Dialer {
  readonly #network = tcpNetwork();
  #cutsLeft = 0;
  #marker = Buffer.alloc(0);
  /** Connections that were cut. */
  cutCount = 0;

  /** The next `times` connections that a chunk with `marker` is written to end with the first bytes that come back. */
  cutAfter(marker: string, times: number): void {
    this.#marker = Buffer.from(marker);
    this.#cutsLeft = times;
  }

  async dial(address: string, options: DialOptions): Promise<ByteStream> {
    const stream = await this.#network.dial(address, options);
    let isDoomed = false;
    const takeCut = (chunks: readonly Buffer[]): void => {
      if (isDoomed || this.#cutsLeft === 0 || !Buffer.concat(chunks).includes(this.#marker)) return;
      this.#cutsLeft -= 1;
      isDoomed = true;
    };
    const attach = (handlers: ByteStreamHandlers): void => {
      stream.attach({
        onDrain: () => handlers.onDrain(),
        onClose: (error) => handlers.onClose(error),
        onData: (chunk) => {
          if (!isDoomed) {
            handlers.onData(chunk);
            return;
          }
          this.cutCount += 1;
          stream.destroy();
        },
      });
    };
    return {
      remoteAddress: stream.remoteAddress,
      localAddress: stream.localAddress,
      copiesWrites: stream.copiesWrites === true,
      get pendingWriteBytes() {
        return stream.pendingWriteBytes;
      },
      attach,
      write: (chunks) => {
        takeCut(chunks);
        return stream.write(chunks);
      },
      pause: () => stream.pause(),
      resume: () => stream.resume(),
      end: () => stream.end(),
      destroy: () => stream.destroy(),
    };
  }
}
