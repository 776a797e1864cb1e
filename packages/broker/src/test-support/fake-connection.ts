import { createFrameDecoder, createFrameWriter, type FrameSource, isOneway, type RemotingCommand } from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';

/** A client connection that keeps what it was told. Answers of every kind go through the frame codecs, as on the wire. */
export class FakeConnection implements ServerConnection {
  static #nextId = 1;
  readonly id: number;
  readonly remoteAddress: string;
  readonly localAddress = '127.0.0.1:10911';
  isOpen = true;
  queuedBytes = 0;
  isBehind = false;
  readonly responses: RemotingCommand[] = [];
  readonly notifications: RemotingCommand[] = [];
  readonly #closeListeners = new Set<() => void>();

  constructor(remoteAddress = '192.0.2.2:44930') {
    this.id = FakeConnection.#nextId;
    FakeConnection.#nextId += 1;
    this.remoteAddress = remoteAddress;
  }

  get closeListenerCount(): number {
    return this.#closeListeners.size;
  }

  get lastResponse(): RemotingCommand | undefined {
    return this.responses.at(-1);
  }

  respond(request: RemotingCommand, response: RemotingCommand): void {
    this.respondFrame(request, { writeFrame: (writer) => writer.writeCommand(response) });
  }

  respondFrame(request: RemotingCommand, response: FrameSource): void {
    if (!this.isOpen || isOneway(request)) return;
    const writer = createFrameWriter();
    response.writeFrame(writer);
    createFrameDecoder().push(Buffer.concat(writer.take()), (command) => this.responses.push(command));
  }

  invoke(): Promise<RemotingCommand> {
    return Promise.reject(new Error('not expected in this test'));
  }

  notify(request: RemotingCommand): void {
    this.notifications.push(request);
  }

  onClose(listener: () => void): () => void {
    this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  close(): void {
    this.isOpen = false;
    for (const listener of this.#closeListeners) listener();
    this.#closeListeners.clear();
  }
}
