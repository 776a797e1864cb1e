import { connect, createServer, type Socket } from 'node:net';

/** One frame as it went over the wire. */
export interface RecordedFrame {
  /** Who sent it. */
  readonly from: 'client' | 'server';
  readonly bytes: Buffer;
}

/** Cuts a byte stream at the length words; knows nothing else of the protocol, so that it cannot share an error with the codec. */
class FrameCutter {
  #pending = Buffer.alloc(0);

  push(chunk: Buffer): readonly Buffer[] {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const frames: Buffer[] = [];
    while (this.#pending.length >= 4) {
      const length = 4 + this.#pending.readInt32BE(0);
      if (this.#pending.length < length) break;
      frames.push(Buffer.from(this.#pending.subarray(0, length)));
      this.#pending = this.#pending.subarray(length);
    }
    return frames;
  }
}

function replaceAll(bytes: Buffer, from: string, to: string): Buffer {
  if (from.length !== to.length) throw new Error('only texts of equal length can be exchanged inside a frame');
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1)) bytes.write(to, at, 'latin1');
  return bytes;
}

/**
 * Passes connections on to `target` and records their frames. `announce` exchanges an address in what the server says, so
 * that clients come to another proxy instead of the broker itself.
 */
export async function startRecordingProxy(options: {
  readonly port: number;
  readonly target: number;
  readonly announce?: { readonly from: string; readonly to: string };
  readonly onFrame: (frame: RecordedFrame, connection: number) => void;
}): Promise<{ stop(): void }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    connections += 1;
    const connection = connections;
    const upstream = connect(options.target, '127.0.0.1');
    const pass = (from: 'client' | 'server', source: Socket, sink: Socket): void => {
      const cutter = new FrameCutter();
      sockets.add(source);
      source.on('data', (chunk) => {
        for (const frame of cutter.push(chunk)) {
          options.onFrame({ from, bytes: Buffer.from(frame) }, connection);
          const { announce } = options;
          sink.write(from === 'server' && announce !== undefined ? replaceAll(frame, announce.from, announce.to) : frame);
        }
      });
      source.on('error', () => sink.destroy());
      source.on('close', () => {
        sockets.delete(source);
        sink.destroy();
      });
    };
    pass('client', client, upstream);
    pass('server', upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(options.port, '127.0.0.1', resolve));
  return {
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
