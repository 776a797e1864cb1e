import type { FrameSource, RemotingCommand } from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';

let nextId = 1;

/** A client's connection that records what the broker says to it. */
export class RecordingConnection implements ServerConnection {
  readonly id = nextId++;
  readonly remoteAddress = `127.0.0.1:${40_000 + this.id}`;
  readonly localAddress = '127.0.0.1:10911';
  readonly responses: RemotingCommand[] = [];
  readonly notices: RemotingCommand[] = [];
  /** Answers and notices in the order in which they went out. */
  readonly sent: RemotingCommand[] = [];
  readonly #listeners = new Set<() => void>();
  isOpen = true;

  respond(_request: RemotingCommand, response: RemotingCommand): void {
    this.responses.push(response);
    this.sent.push(response);
  }

  respondFrame(_request: RemotingCommand, _response: FrameSource): void {
    throw new Error('no answer of these tests writes its own frame');
  }

  invoke(): Promise<RemotingCommand> {
    return Promise.reject(new Error('this client answers nothing'));
  }

  notify(request: RemotingCommand): void {
    this.notices.push(request);
    this.sent.push(request);
  }

  onClose(listener: () => void): () => void {
    if (!this.isOpen) {
      listener();
      return () => undefined;
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const listener of this.#listeners) listener();
  }
}
