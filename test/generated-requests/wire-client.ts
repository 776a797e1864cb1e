import {
  createFrameDecoder,
  createFrameWriter,
  createResponse,
  isOneway,
  isResponse,
  type RemotingCommand,
} from '@orbitmq/protocol';
import type { ByteStream } from '@orbitmq/remoting';

export function frameOf(command: RemotingCommand): Buffer {
  const writer = createFrameWriter();
  writer.writeCommand(command);
  return Buffer.concat(writer.take());
}

/** One connection that says any bytes and hears answers. What a broker asks of it, it answers with a bare success or not at all. */
export class WireClient {
  readonly #stream: ByteStream;
  readonly #waiting = new Map<number, (answer: RemotingCommand | undefined) => void>();
  /** What it heard that it should not have. */
  readonly problems: string[] = [];
  /** The other end ended the connection. */
  isCut = false;
  #isGone = false;

  constructor(stream: ByteStream, answersRelays: boolean) {
    this.#stream = stream;
    const decoder = createFrameDecoder();
    stream.attach({
      onData: (chunk) => {
        decoder.push(chunk, (command) => this.#heard(command, answersRelays));
      },
      onDrain: () => undefined,
      onClose: () => {
        if (!this.#isGone) this.isCut = true;
        this.#end();
      },
    });
  }

  get isOpen(): boolean {
    return !this.#isGone && !this.isCut;
  }

  write(bytes: Buffer): void {
    if (this.isOpen) this.#stream.write([bytes]);
  }

  /** Resolves with the answer; with undefined when the connection ended first. */
  ask(bytes: Buffer, opaque: number): Promise<RemotingCommand | undefined> {
    return new Promise((resolve) => {
      if (!this.isOpen) {
        resolve(undefined);
        return;
      }
      this.#waiting.set(opaque, resolve);
      this.#stream.write([bytes]);
    });
  }

  /** `end`: it says goodbye and reads on; `reset`: it is gone. */
  vanish(how: 'end' | 'reset'): void {
    if (this.#isGone) return;
    this.#isGone = true;
    if (how === 'end') this.#stream.end();
    else this.#stream.destroy();
    this.#end();
  }

  #heard(command: RemotingCommand, answersRelays: boolean): void {
    if (isResponse(command)) {
      const resolve = this.#waiting.get(command.opaque);
      if (resolve === undefined && !this.#isGone)
        this.problems.push(`an answer that nobody waits for: ${command.code} to ${command.opaque}`);
      this.#waiting.delete(command.opaque);
      // The bytes are the connection's.
      resolve?.({ ...command, extFields: { ...command.extFields }, body: command.body && Buffer.from(command.body) });
      return;
    }
    if (answersRelays && !isOneway(command)) this.write(frameOf(createResponse(command, 0, { body: Buffer.from('{}') })));
  }

  #end(): void {
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }
}
