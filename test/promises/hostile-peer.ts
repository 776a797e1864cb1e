import { connect, type Socket } from 'node:net';
import { createFrameDecoder, isResponse } from '@orbitmq/protocol';
import type { HostileStream } from './hostile-streams.js';

/** A connection is given this long to be done with; longer means that the other end has forgotten it. */
const limitMs = 60_000;

export interface Target {
  readonly name: string;
  readonly port: number;
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      // The other end may cut it at any time.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/**
 * Says the stream to the target and waits until it is done with it. For frames: until all that must be answered is. For
 * other bytes: until the target closes, for which it gets the end of the stream. Resolves with what was wrong.
 */
export async function say(stream: HostileStream, target: Target): Promise<string | undefined> {
  const socket = await open(target.port);
  const awaited = new Set(stream.answered);
  const seen = new Set<number>();
  const decoder = createFrameDecoder();
  let problem: string | undefined;
  await new Promise<void>((resolve) => {
    const late = setTimeout(() => {
      problem = `${target.name} left a connection open (${describe(stream, awaited)})`;
      resolve();
    }, limitMs);
    socket.on('data', (chunk: Buffer) => {
      decoder.push(chunk, (command) => {
        if (!isResponse(command)) return;
        if (stream.answered !== undefined && seen.has(command.opaque))
          problem = `${target.name} answered ${command.opaque} twice`;
        seen.add(command.opaque);
        awaited.delete(command.opaque);
      });
      if (awaited.size === 0) socket.end();
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      clearTimeout(late);
      resolve();
    });
    socket.write(stream.bytes);
    if (awaited.size === 0) socket.end();
  });
  socket.destroy();
  if (awaited.size > 0) problem ??= `${target.name} closed a connection that spoke the protocol (${describe(stream, awaited)})`;
  return problem;
}

function describe({ kind, bytes }: HostileStream, awaited: ReadonlySet<number>): string {
  const unanswered = [...awaited].slice(0, 5).join(' ');
  return `${kind}, ${bytes.length} bytes, unanswered: ${unanswered}, begins ${bytes.subarray(0, 80).toString('latin1')}`;
}

/** Connections that say something and then nothing, and do not read either, until `close`. */
export class SilentPeers {
  readonly #sockets: Socket[] = [];

  async add(target: Target, bytes: Buffer): Promise<void> {
    const socket = await open(target.port);
    socket.pause();
    socket.write(bytes);
    this.#sockets.push(socket);
  }

  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }
}
