/** The other end may do anything: nothing hangs, nothing grows without bound, nobody else notices. On virtual time. */
import { InvariantError } from '@orbitmq/core/kernel';
import { createFrameDecoder, createFrameWriter, createRequest, createResponse, type RemotingCommand } from '@orbitmq/protocol';
import { SeededRandom, type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ByteStream, Dialer } from './byte-stream.js';
import { createRemotingClient } from './client/create-remoting-client.js';
import { InProcessNetwork } from './network/in-process-network.js';
import type { RemotingClient } from './remoting-client.js';
import type { RemotingServer, ServerConnection } from './remoting-server.js';
import { createRemotingServer } from './server/create-remoting-server.js';

const host = '127.0.0.1';
const serverPort = 10_911;
const serverAddress = `${host}:${serverPort}`;

/** One end of a connection in the hands of the test. */
class RawPeer {
  readonly commands: RemotingCommand[] = [];
  readonly #stream: ByteStream;
  readonly #decoder = createFrameDecoder();
  isClosed = false;
  receivedBytes = 0;
  onCommand: (command: RemotingCommand) => void = () => undefined;

  constructor(stream: ByteStream) {
    this.#stream = stream;
    stream.attach({
      onData: (chunk) => {
        this.receivedBytes += chunk.length;
        this.#decoder.push(chunk, (command) => {
          this.commands.push(command);
          this.onCommand(command);
        });
      },
      onDrain: () => undefined,
      onClose: () => {
        this.isClosed = true;
      },
    });
  }

  get stream(): ByteStream {
    return this.#stream;
  }

  send(bytes: Buffer): void {
    this.#stream.write([bytes]);
  }

  sendCommand(command: RemotingCommand): void {
    this.send(frameOf(command));
  }
}

function frameOf(command: RemotingCommand): Buffer {
  const writer = createFrameWriter();
  writer.writeCommand(command);
  return Buffer.concat(writer.take());
}

let environment: VirtualEnvironment;
let network: InProcessNetwork;

beforeEach(() => {
  environment = virtualEnvironment(1);
  network = new InProcessNetwork({ timers: environment.timers });
});

describe('a server', () => {
  const echo = 9001;
  const hold = 9002;
  let server: RemotingServer;
  let held: { request: RemotingCommand; connection: ServerConnection }[];
  let echoCount: number;

  beforeEach(async () => {
    held = [];
    echoCount = 0;
    server = createRemotingServer({ environment, listener: network, host, port: serverPort });
    server.registerProcessor([echo], {
      process: (request, connection) => {
        echoCount += 1;
        connection.respond(request, createResponse(request, 0, { body: request.body }));
      },
    });
    server.registerProcessor([hold], { process: (request, connection) => void held.push({ request, connection }) });
    await server.start();
  });

  afterEach(async () => {
    await environment.time.settle(server.stop({ deadlineMs: 0 }));
  });

  async function connect(): Promise<RawPeer> {
    return new RawPeer(await environment.time.settle(network.dial(serverAddress, { timeoutMs: 1000 })));
  }

  async function expectHealthy(): Promise<void> {
    const peer = await connect();
    peer.sendCommand({ ...createRequest(echo), opaque: 77 });
    await environment.time.advance(10);
    expect(peer.commands).toMatchObject([{ opaque: 77, code: 0 }]);
    peer.stream.destroy();
  }

  test.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a TLS hello', Buffer.from('160301020001000001fc0303', 'hex')],
    ['a frame of 2 GiB', Buffer.from('7fffffff00000010', 'hex')],
    ['a negative length', Buffer.from('ffffffff00000010', 'hex')],
    ['a header longer than its frame', Buffer.from('0000000c00ffffff0000000000000000', 'hex')],
    ['an unknown header type', Buffer.from('0000000609000002aabb', 'hex')],
    ['a header that is no JSON', Buffer.concat([Buffer.from('0000000a00000006', 'hex'), Buffer.from('nojson')])],
  ])('%s closes its connection and no other', async (_name, bytes) => {
    const peer = await connect();
    const other = await connect();
    other.sendCommand({ ...createRequest(hold), opaque: 5 });
    await environment.time.advance(10);
    peer.send(bytes);
    await environment.time.advance(10);
    expect(peer.isClosed).toBe(true);
    expect(other.isClosed).toBe(false);
    held[0]!.connection.respond(held[0]!.request, createResponse(held[0]!.request, 0));
    await environment.time.advance(10);
    expect(other.commands).toHaveLength(1);
    await expectHealthy();
  });

  test('random bytes and damaged frames never do more than close their connection', async () => {
    const random = new SeededRandom(20_240_101);
    const good = frameOf({ ...createRequest(echo, { body: Buffer.from('body'), extFields: { key: 'value' } }), opaque: 9 });
    for (let round = 0; round < 300; round += 1) {
      const peer = await connect();
      const bytes = Buffer.from(random.chance(0.2) ? random.bytes(random.int(200)) : good);
      if (random.chance(0.8)) bytes[random.int(bytes.length)] = random.int(256);
      peer.send(bytes.subarray(0, random.chance(0.5) ? bytes.length : random.int(bytes.length + 1)));
      await environment.time.advance(2);
      peer.stream.destroy();
    }
    await environment.time.advance(10);
    expect(server.connectionCount).toBe(0);
    await expectHealthy();
  });

  test('half a frame and then silence is closed within 30 s', async () => {
    const peer = await connect();
    await environment.time.advance(400);
    peer.send(frameOf(createRequest(echo)).subarray(0, 20));
    await environment.time.advance(28_900);
    expect(peer.isClosed).toBe(false);
    await environment.time.advance(1_110);
    expect(peer.isClosed).toBe(true);
  });

  test('a frame that comes one byte a second is closed within 30 s', async () => {
    const peer = await connect();
    const bytes = frameOf(createRequest(echo, { body: Buffer.alloc(100) }));
    for (let second = 0; second < 31; second += 1) {
      peer.send(bytes.subarray(second, second + 1));
      await environment.time.advance(1000);
    }
    expect(peer.isClosed).toBe(true);
    expect(echoCount).toBe(0);
  });

  test('a large frame over a slow link has the time it needs', async () => {
    const peer = await connect();
    const bytes = frameOf({ ...createRequest(echo, { body: Buffer.alloc(4 * 1024 * 1024) }), opaque: 3 });
    const step = 32 * 1024;
    for (let at = 0; at < bytes.length; at += step) {
      peer.send(bytes.subarray(at, at + step));
      await environment.time.advance(1000);
    }
    expect(environment.time.monotonic()).toBeGreaterThan(120_000);
    await environment.time.advance(100);
    expect(peer.commands).toHaveLength(1);
  });

  test('a connection without traffic is closed after 120 s, one with traffic is not', async () => {
    const idle = await connect();
    const busy = await connect();
    for (let second = 0; second < 118; second += 1) {
      busy.sendCommand(createRequest(echo));
      await environment.time.advance(1000);
    }
    expect(idle.isClosed).toBe(false);
    await environment.time.advance(4000);
    expect(idle.isClosed).toBe(true);
    expect(busy.isClosed).toBe(false);
    expect(server.connectionCount).toBe(1);
  });

  test('who does not read its answers is not read either: few of its requests are begun', async () => {
    const peer = await connect();
    peer.stream.pause();
    const bytes = frameOf(createRequest(echo, { body: Buffer.alloc(64 * 1024) }));
    for (let index = 0; index < 1000; index += 1) peer.send(bytes);
    await environment.time.advance(1000);
    // One mebibyte of answers is the mark.
    expect(echoCount).toBeLessThan(20);
    expect(peer.stream.pendingWriteBytes).toBeGreaterThan(900 * bytes.length);
    await expectHealthy();
    peer.stream.resume();
    await environment.time.advance(1000);
    expect(echoCount).toBe(1001);
    expect(peer.commands).toHaveLength(1000);
  });

  test('who does not read is cut when more than 16 MiB wait for it', async () => {
    const peer = await connect();
    peer.stream.pause();
    for (let index = 0; index < 100; index += 1) peer.sendCommand({ ...createRequest(hold), opaque: index });
    await environment.time.advance(10);
    expect(held).toHaveLength(100);
    const body = Buffer.alloc(1024 * 1024);
    let answered = 0;
    for (const { request, connection } of held) {
      if (!connection.isOpen) break;
      connection.respond(request, createResponse(request, 0, { body }));
      answered += 1;
      await environment.time.advance(1);
    }
    expect(answered).toBe(16);
    await environment.time.advance(10);
    expect(peer.isClosed).toBe(true);
    expect(server.connectionCount).toBe(0);
  });

  test('who does not read counts as behind: with more than a mebibyte, and with 128 KiB while all have too much', async () => {
    const crowded = createRemotingServer({ environment, listener: network, host, port: 20_911, unreadBytesMax: 2 * 1024 * 1024 });
    crowded.registerProcessor([hold], { process: (request, connection) => void held.push({ request, connection }) });
    await crowded.start();
    /** A client to whom so much is owed, as its server sees it. */
    const debtor = async (sizeBytes: number) => {
      const peer = new RawPeer(await environment.time.settle(network.dial(`${host}:20911`, { timeoutMs: 1000 })));
      peer.sendCommand(createRequest(hold));
      await environment.time.advance(10);
      const { connection, request } = held.at(-1)!;
      peer.stream.pause();
      connection.respond(request, createResponse(request, 0, { body: Buffer.alloc(sizeBytes) }));
      await environment.time.advance(10);
      return { peer, connection };
    };
    const few = await debtor(130_000);
    const some = await debtor(132_000);
    const many = await debtor(1024 * 1024);
    const isBehind = (): boolean[] => [few, some, many].map(({ connection }) => connection.isBehind === true);
    expect(isBehind()).toEqual([false, false, true]);
    const more = await debtor(1024 * 1024);
    expect(isBehind()).toEqual([false, true, true]);
    more.peer.stream.resume();
    await environment.time.advance(10);
    expect(isBehind()).toEqual([false, false, true]);
    const last = await debtor(1024 * 1024);
    expect(isBehind()).toEqual([false, true, true]);
    last.peer.stream.destroy();
    await environment.time.advance(10);
    expect(isBehind()).toEqual([false, false, true]);
    await environment.time.settle(crowded.stop({ deadlineMs: 0 }));
  });

  test('who does not read and is owed less is closed when it was idle for 120 s', async () => {
    const peer = await connect();
    peer.sendCommand(createRequest(echo, { body: Buffer.alloc(512 * 1024) }));
    peer.stream.pause();
    await environment.time.advance(130_000);
    expect(server.connectionCount).toBe(0);
  });

  test('answers nobody asked for are ignored', async () => {
    const peer = await connect();
    for (let opaque = 0; opaque < 50; opaque += 1) peer.sendCommand({ ...createResponse(createRequest(1), 0), opaque });
    peer.sendCommand({ ...createRequest(echo), opaque: 51 });
    await environment.time.advance(10);
    expect(peer.commands).toMatchObject([{ opaque: 51 }]);
  });

  test('two requests with one number are two requests', async () => {
    const peer = await connect();
    peer.sendCommand({ ...createRequest(echo), opaque: 1 });
    peer.sendCommand({ ...createRequest(echo), opaque: 1 });
    await environment.time.advance(10);
    expect(peer.commands).toHaveLength(2);
  });

  test('a request is answered once, also by a processor that answers twice', async () => {
    const peer = await connect();
    peer.sendCommand({ ...createRequest(hold), opaque: 1 });
    await environment.time.advance(10);
    const { request, connection } = held[0]!;
    connection.respond(request, createResponse(request, 0));
    connection.respond(request, createResponse(request, 1));
    connection.respondFrame(request, { writeFrame: () => expect.unreachable() });
    await environment.time.advance(10);
    expect(peer.commands).toMatchObject([{ code: 0 }]);
  });

  test('a client that never answers does not keep the server waiting', async () => {
    const peer = await connect();
    peer.sendCommand({ ...createRequest(hold), opaque: 1 });
    await environment.time.advance(10);
    const asked = held[0]!.connection.invoke(createRequest(307), { timeoutMs: 500 });
    await expect(environment.time.settle(asked, 510)).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT', outcome: 'unknown' });
    expect(peer.commands).toMatchObject([{ code: 307, flag: 0 }]);
    expect(peer.isClosed).toBe(false);
  });

  test('a broken invariant is no answer: it comes out', async () => {
    const broken = createRemotingServer({ environment, listener: network, host, port: 0 });
    broken.registerProcessor([echo], {
      process: () => {
        throw new InvariantError('offsets went backwards');
      },
    });
    await broken.start();
    const peer = new RawPeer(await environment.time.settle(network.dial(`${host}:${broken.port}`, { timeoutMs: 1000 })));
    peer.sendCommand(createRequest(echo));
    await expect(environment.time.advance(10)).rejects.toThrow('offsets went backwards');
    expect(peer.commands).toEqual([]);
    await environment.time.settle(broken.stop({ deadlineMs: 0 }));
  });

  test('a client that sends its farewell while answers are due still gets them', async () => {
    const peer = await connect();
    peer.sendCommand({ ...createRequest(echo), opaque: 4 });
    peer.stream.end();
    await environment.time.advance(10);
    expect(peer.commands).toMatchObject([{ opaque: 4 }]);
    expect(peer.isClosed).toBe(true);
    expect(server.connectionCount).toBe(0);
  });

  test('a client that does not return the farewell is not waited for', async () => {
    const peer = await connect();
    await environment.time.advance(10);
    peer.stream.pause();
    await environment.time.settle(server.stop({ deadlineMs: 1000 }), 1100);
    expect(server.connectionCount).toBe(0);
  });
});

describe('a client', () => {
  let client: RemotingClient;
  let peers: RawPeer[];

  beforeEach(async () => {
    peers = [];
    client = createRemotingClient({ environment, dialer: network });
    await client.start();
  });

  afterEach(async () => {
    await environment.time.settle(client.stop({ deadlineMs: 0 }));
  });

  async function listen(behave: (peer: RawPeer) => void): Promise<void> {
    await network.listen({ host, port: serverPort }, (stream) => {
      const peer = new RawPeer(stream);
      peers.push(peer);
      behave(peer);
    });
  }

  /** How a call ended, and after how long. */
  async function outcomeOf(timeoutMs: number): Promise<{ code: unknown; outcome: unknown; elapsedMs: number }> {
    const startedMs = environment.time.monotonic();
    const result: unknown = await environment.time.settle(
      client.invoke(serverAddress, createRequest(34), { timeoutMs }).catch((error: unknown) => error),
    );
    const { code, outcome } = result as { code: unknown; outcome: unknown };
    return { code, outcome, elapsedMs: environment.time.monotonic() - startedMs };
  }

  test.each<[string, (peer: RawPeer) => void, string]>([
    ['never answers', () => undefined, 'REQUEST_TIMEOUT'],
    [
      'sends half a frame',
      (peer) => {
        peer.onCommand = () => {
          peer.send(Buffer.from('0000100000', 'hex'));
        };
      },
      'REQUEST_TIMEOUT',
    ],
    [
      'sends garbage',
      (peer) => {
        peer.onCommand = () => {
          peer.send(Buffer.from('not a frame at all'));
        };
      },
      'CONNECTION_CLOSED',
    ],
    [
      'greets with garbage',
      (peer) => {
        peer.send(Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'));
      },
      'CONNECTION_CLOSED',
    ],
    [
      'closes without an answer',
      (peer) => {
        peer.onCommand = () => {
          peer.stream.end();
        };
      },
      'CONNECTION_CLOSED',
    ],
    [
      'resets the connection',
      (peer) => {
        peer.onCommand = () => {
          peer.stream.destroy();
        };
      },
      'CONNECTION_CLOSED',
    ],
    [
      'resets before it reads',
      (peer) => {
        peer.stream.destroy();
      },
      'CONNECTION_CLOSED',
    ],
    [
      'never reads',
      (peer) => {
        peer.stream.pause();
      },
      'REQUEST_TIMEOUT',
    ],
    [
      'answers with another number',
      (peer) => {
        peer.onCommand = (command) => {
          peer.sendCommand({ ...createResponse(command, 0), opaque: command.opaque + 1 });
        };
      },
      'REQUEST_TIMEOUT',
    ],
    [
      'asks back instead of answering',
      (peer) => {
        peer.onCommand = (command) => {
          if (command.flag === 0) peer.sendCommand({ ...createRequest(221), opaque: command.opaque });
        };
      },
      'REQUEST_TIMEOUT',
    ],
  ])('settles in time when the server %s', async (name, behave, code) => {
    await listen(behave);
    const result = await outcomeOf(2000);
    // The garbage came before the request had left.
    expect(result).toMatchObject({ code, outcome: name === 'greets with garbage' ? 'not-sent' : 'unknown' });
    expect(result.elapsedMs).toBeLessThanOrEqual(2010);
  });

  test('settles in time when the dial never ends', async () => {
    const stuck: Dialer = { dial: () => new Promise(() => undefined) };
    const waiting = createRemotingClient({ environment, dialer: stuck });
    await waiting.start();
    const call = waiting.invoke(serverAddress, createRequest(34), { timeoutMs: 700 });
    await expect(environment.time.settle(call, 710)).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT', outcome: 'not-sent' });
  });

  test('settles in time when answers come one byte a second', async () => {
    await listen((peer) => {
      peer.onCommand = (command) => {
        const bytes = frameOf(createResponse(command, 0));
        let at = 0;
        environment.timers
          .setInterval(() => {
            if (at < bytes.length) peer.send(bytes.subarray(at, at + 1));
            at += 1;
          }, 1000)
          .unref();
      };
    });
    expect(await outcomeOf(3000)).toMatchObject({ code: 'REQUEST_TIMEOUT', outcome: 'unknown' });
  });

  test('a server that vanished without a word is dialled anew after a timed-out call', async () => {
    let isAnswering = false;
    await listen((peer) => {
      peer.onCommand = (command) => {
        if (isAnswering) peer.sendCommand(createResponse(command, 0));
      };
    });
    expect(await outcomeOf(3000)).toMatchObject({ code: 'REQUEST_TIMEOUT' });
    isAnswering = true;
    expect(await outcomeOf(3000)).toMatchObject({ code: 0 });
    expect(peers).toHaveLength(2);
  });

  test('one short call that timed out does not cost the connection, three in silence do', async () => {
    await listen(() => undefined);
    const longCall = client.invoke(serverAddress, createRequest(11), { timeoutMs: 20_000 }).catch((error: unknown) => error);
    await outcomeOf(100);
    await outcomeOf(100);
    expect(peers[0]?.isClosed).toBe(false);
    await outcomeOf(100);
    expect(await environment.time.settle(longCall, 10)).toMatchObject({ code: 'CONNECTION_CLOSED', outcome: 'unknown' });
  });

  test('a slow answer among others does not cost the connection', async () => {
    await listen((peer) => {
      peer.onCommand = (command) => {
        if (command.code === 34) return;
        environment.timers.setTimeout(() => {
          peer.sendCommand(createResponse(command, 0));
        }, 500);
      };
    });
    const beats = environment.timers.setInterval(() => {
      client.invoke(serverAddress, createRequest(35), { timeoutMs: 1000 }).catch(() => expect.unreachable());
    }, 1000);
    expect(await outcomeOf(5000)).toMatchObject({ code: 'REQUEST_TIMEOUT' });
    beats.cancel();
    await environment.time.advance(2000);
    expect(peers).toHaveLength(1);
    expect(peers[0]?.isClosed).toBe(false);
  });

  test('a connection that is lost in the turn of a call has not sent it', async () => {
    await listen(() => undefined);
    const first = client.invoke(serverAddress, createRequest(34), { timeoutMs: 1000 }).catch((error: unknown) => error);
    await environment.time.advance(10);
    peers[0]!.stream.destroy();
    await environment.time.advance(10);
    expect(await first).toMatchObject({ code: 'CONNECTION_CLOSED', outcome: 'unknown' });
    const second = client.invoke(serverAddress, createRequest(34), { timeoutMs: 1000 }).catch((error: unknown) => error);
    await environment.time.advance(10);
    expect(peers).toHaveLength(2);
    await environment.time.settle(client.stop({ deadlineMs: 0 }));
    expect(await second).toMatchObject({ code: 'CONNECTION_CLOSED', outcome: 'unknown' });
  });

  test('callers share one dial and one connection, and requests of a turn leave in one write', async () => {
    let writeCount = 0;
    let dialCount = 0;
    const counting: Dialer = {
      dial: async (address, options) => {
        dialCount += 1;
        const stream = await network.dial(address, options);
        const write = stream.write.bind(stream);
        stream.write = (chunks) => {
          writeCount += 1;
          return write(chunks);
        };
        return stream;
      },
    };
    await listen((peer) => {
      peer.onCommand = (command) => {
        peer.sendCommand(createResponse(command, 0));
      };
    });
    const counted = createRemotingClient({ environment, dialer: counting });
    await counted.start();
    const callAll = (): Promise<unknown> =>
      Promise.all(Array.from({ length: 64 }, () => counted.invoke(serverAddress, createRequest(34), { timeoutMs: 1000 })));
    await environment.time.settle(callAll());
    await environment.time.settle(callAll());
    expect([dialCount, writeCount]).toEqual([1, 2]);
    await environment.time.settle(counted.stop());
  });

  test('an idle connection is closed after 120 s and opened again by the next call; a waiting call keeps it open', async () => {
    let delayMs = 0;
    await listen((peer) => {
      peer.onCommand = (command) => {
        environment.timers.setTimeout(() => {
          peer.sendCommand(createResponse(command, 0));
        }, delayMs);
      };
    });
    await outcomeOf(1000);
    await environment.time.advance(118_000);
    expect(peers[0]!.isClosed).toBe(false);
    await environment.time.advance(4000);
    expect(peers[0]!.isClosed).toBe(true);
    delayMs = 200_000;
    expect(await outcomeOf(300_000)).toMatchObject({ code: 0 });
    expect(peers).toHaveLength(2);
  });

  test('nothing that waits keeps a timer once it is settled, and a stopped client keeps none', async () => {
    await listen((peer) => {
      peer.onCommand = (command) => {
        peer.sendCommand(createResponse(command, 0));
      };
    });
    for (let index = 0; index < 100; index += 1) await outcomeOf(3000);
    expect(environment.time.pendingCount).toBeLessThanOrEqual(1);
    await environment.time.settle(client.stop());
    expect(environment.time.pendingCount).toBe(0);
  });
});
