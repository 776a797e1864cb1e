/** What every network promises (`ByteStream`, `Dialer`, `Listener`), shown for sockets and for the one inside the process. */
import { systemTimers, TransportError } from '@orbitmq/core/kernel';
import { afterEach, describe, expect, test } from 'vitest';
import type { BoundListener, ByteStream, ByteStreamHandlers, Network } from '../byte-stream.js';
import { InProcessNetwork } from './in-process-network.js';
import { tcpNetwork } from './tcp-network.js';

const networks: readonly { readonly name: string; readonly create: () => Network }[] = [
  { name: 'tcp', create: () => tcpNetwork() },
  { name: 'in-process', create: () => new InProcessNetwork({ timers: systemTimers }) },
];

/** Handlers that write down what happened and let a test wait for it. */
class Recorder implements ByteStreamHandlers {
  readonly chunks: Buffer[] = [];
  readonly events: string[] = [];
  readonly closed: Promise<void>;
  #onClosed: () => void = () => undefined;
  #waiters: (() => void)[] = [];

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#onClosed = resolve;
    });
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  get sizeBytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  onData(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.events.push('data');
    this.#wake();
  }

  onDrain(): void {
    this.events.push('drain');
    this.#wake();
  }

  onClose(): void {
    this.events.push('close');
    this.#wake();
    this.#onClosed();
  }

  async until(predicate: () => boolean): Promise<void> {
    while (!predicate()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    systemTimers.setTimeout(resolve, 20);
  });
}

const open: { stream: ByteStream | undefined; listener: BoundListener | undefined } = { stream: undefined, listener: undefined };

afterEach(async () => {
  open.stream?.destroy();
  await open.listener?.close();
});

async function connected(network: Network): Promise<{ client: ByteStream; server: ByteStream; address: string }> {
  let accept: (stream: ByteStream) => void = () => undefined;
  const accepted = new Promise<ByteStream>((resolve) => {
    accept = resolve;
  });
  const listener = await network.listen({ host: '127.0.0.1', port: 0 }, (stream) => {
    accept(stream);
  });
  open.listener = listener;
  const address = `127.0.0.1:${listener.port}`;
  const [client, server] = await Promise.all([network.dial(address, { timeoutMs: 1000 }), accepted]);
  open.stream = client;
  return { client, server, address };
}

describe.each(networks)('$name', ({ create }) => {
  test('both ends know both addresses', async () => {
    const { client, server, address } = await connected(create());
    expect(client.remoteAddress).toBe(address);
    expect(server.localAddress).toBe(address);
    expect(server.remoteAddress).toBe(client.localAddress);
  });

  test('bytes arrive in order, never in the turn of the write', async () => {
    const { client, server } = await connected(create());
    const received = new Recorder();
    server.attach(received);
    client.attach(new Recorder());
    client.write([Buffer.from('one '), Buffer.from('two ')]);
    client.write([Buffer.from('three')]);
    expect(received.text).toBe('');
    await received.until(() => received.text === 'one two three');
  });

  test('what comes before the reader is attached is held', async () => {
    const { client, server } = await connected(create());
    client.attach(new Recorder());
    client.write([Buffer.from('early')]);
    await turn();
    const received = new Recorder();
    server.attach(received);
    await received.until(() => received.text === 'early');
  });

  test('a reader that pauses is felt by the writer, and nothing is lost', async () => {
    const { client, server } = await connected(create());
    const received = new Recorder();
    const sender = new Recorder();
    server.attach(received);
    client.attach(sender);
    server.pause();
    const chunk = Buffer.alloc(1024 * 1024, 7);
    let chunkCount = 0;
    while (client.write([chunk])) {
      chunkCount += 1;
      expect(chunkCount).toBeLessThan(64);
      await turn();
    }
    chunkCount += 1;
    expect(client.pendingWriteBytes).toBeGreaterThan(0);
    await turn();
    expect(sender.events).not.toContain('drain');
    server.resume();
    await received.until(() => received.sizeBytes === chunkCount * chunk.length);
    await sender.until(() => sender.events.includes('drain'));
    expect(client.pendingWriteBytes).toBe(0);
  });

  test('end sends what is pending, then both ends close once', async () => {
    const { client, server } = await connected(create());
    const received = new Recorder();
    const sender = new Recorder();
    server.attach(received);
    client.attach(sender);
    const size = 5 * 1024 * 1024;
    client.write([Buffer.alloc(size, 1)]);
    client.end();
    expect(client.write([Buffer.from('too late')])).toBe(false);
    await Promise.all([received.closed, sender.closed]);
    expect(received.sizeBytes).toBe(size);
    expect(received.events.filter((event) => event === 'close')).toHaveLength(1);
    expect(received.events.at(-1)).toBe('close');
    expect(sender.events.filter((event) => event === 'close')).toHaveLength(1);
  });

  test('the other end still gets what was written before it learned of the end', async () => {
    const { client, server } = await connected(create());
    const received = new Recorder();
    server.attach(new Recorder());
    client.attach(received);
    server.write([Buffer.from('farewell')]);
    client.end();
    await received.closed;
    expect(received.text).toBe('farewell');
  });

  test('destroy closes both ends, and no data follows it', async () => {
    const { client, server } = await connected(create());
    const received = new Recorder();
    const sender = new Recorder();
    client.attach(sender);
    server.attach({
      onData: (chunk) => {
        received.onData(chunk);
        server.destroy();
      },
      onDrain: () => {
        received.onDrain();
      },
      onClose: () => {
        received.onClose();
      },
    });
    client.write([Buffer.from('a')]);
    await received.until(() => received.chunks.length === 1);
    client.write([Buffer.from('b')]);
    await Promise.all([received.closed, sender.closed]);
    expect(received.text).toBe('a');
  });

  test('a stream that closed before it was attached says so', async () => {
    const { client, server } = await connected(create());
    client.attach(new Recorder());
    client.destroy();
    server.destroy();
    await turn();
    const late = new Recorder();
    server.attach(late);
    await late.closed;
    expect(late.events).toEqual(['close']);
  });

  test('nobody listens: CONNECT_FAILED, not sent', async () => {
    const network = create();
    const listener = await network.listen({ host: '127.0.0.1', port: 0 }, () => undefined);
    await listener.close();
    const error: unknown = await network
      .dial(`127.0.0.1:${listener.port}`, { timeoutMs: 1000 })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', outcome: 'not-sent' });
    expect((error as Error).message).toContain(`127.0.0.1:${listener.port}`);
  });

  test.each(['', 'localhost', 'localhost:', ':10911', 'localhost:0', 'localhost:70000', 'localhost:1x'])(
    'an address that is none is refused: %j',
    async (address) => {
      await expect(create().dial(address, { timeoutMs: 1000 })).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    },
  );

  test('a dial can be cancelled', async () => {
    const network = create();
    const { address } = await connected(network);
    const reason = new Error('changed my mind');
    await expect(network.dial(address, { timeoutMs: 1000, signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      cause: reason,
    });
  });

  test('a port in use is named, with what to do', async () => {
    const network = create();
    const listener = await network.listen({ host: '127.0.0.1', port: 0 }, () => undefined);
    open.listener = listener;
    const error: unknown = await network
      .listen({ host: '127.0.0.1', port: listener.port }, () => undefined)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ADDRESS_IN_USE', outcome: 'not-sent', retryable: false });
    expect((error as Error).message).toContain(`Port ${listener.port}`);
    expect((error as Error).message).toContain('configure another port');
  });

  test('a closed listener frees its port and leaves open connections alone', async () => {
    const network = create();
    const { client, server } = await connected(network);
    const received = new Recorder();
    server.attach(received);
    client.attach(new Recorder());
    const port = open.listener?.port ?? 0;
    await open.listener?.close();
    open.listener = await network.listen({ host: '127.0.0.1', port }, () => undefined);
    client.write([Buffer.from('still here')]);
    await received.until(() => received.text === 'still here');
  });

  test('a port that is none is refused', async () => {
    await expect(create().listen({ host: '127.0.0.1', port: 70_000 }, () => undefined)).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
    });
  });
});
