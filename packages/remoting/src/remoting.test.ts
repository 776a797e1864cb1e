/** What client and server promise each other, over sockets, inside the process, and on virtual time. */
import { type Environment, type Lifecycle, ProtocolError, systemEnvironment, systemTimers } from '@orbitmq/core/kernel';
import {
  createRequest,
  createResponse,
  type FrameWriter,
  isOneway,
  type RemotingCommand,
  ResponseCode,
  SerializeType,
} from '@orbitmq/protocol';
import { virtualEnvironment } from '@orbitmq/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Network } from './byte-stream.js';
import { createRemotingClient, type RemotingClientOptions } from './client/create-remoting-client.js';
import { InProcessNetwork } from './network/in-process-network.js';
import { tcpNetwork } from './network/tcp-network.js';
import type { RemotingClient } from './remoting-client.js';
import type { RemotingServer, ServerConnection } from './remoting-server.js';
import { createRemotingServer, type RemotingServerOptions } from './server/create-remoting-server.js';

interface World {
  readonly environment: Environment;
  readonly network: Network;
  /** Lets time pass until the promise settles. */
  settle<Value>(promise: Promise<Value>): Promise<Value>;
  pass(ms: number): Promise<void>;
}

function realWorld(network: Network): World {
  return {
    environment: systemEnvironment(),
    network,
    settle: (promise) => promise,
    pass: (ms) => new Promise((resolve) => systemTimers.setTimeout(resolve, ms)),
  };
}

function virtualWorld(): World {
  const environment = virtualEnvironment(1);
  return {
    environment,
    network: new InProcessNetwork({ timers: environment.timers }),
    settle: (promise) => environment.time.settle(promise),
    pass: (ms) => environment.time.advance(ms),
  };
}

const worlds = [
  { name: 'tcp', create: () => realWorld(tcpNetwork()) },
  { name: 'in-process', create: () => realWorld(new InProcessNetwork({ timers: systemTimers })) },
  { name: 'in-process on virtual time', create: virtualWorld },
];

const Code = {
  ECHO: 9001,
  HOLD: 9002,
  THROW: 9003,
  REJECT: 9004,
  BAD_HEADER: 9005,
  NOTE: 9006,
  ASK: 9007,
  LARGE: 9008,
  PULL: 11,
};
const timeout = { timeoutMs: 3000 };

describe.each(worlds)('$name', ({ create }) => {
  let world: World;
  let started: Lifecycle[] = [];
  let held: { request: RemotingCommand; connection: ServerConnection }[] = [];
  let notes: string[] = [];

  beforeEach(() => {
    world = create();
    started = [];
    held = [];
    notes = [];
  });

  afterEach(async () => {
    for (const item of started.reverse()) await world.settle(item.stop({ deadlineMs: 0 }));
  });

  async function startServer(options: Partial<RemotingServerOptions> = {}): Promise<RemotingServer> {
    const { environment, network } = world;
    const server = createRemotingServer({ environment, listener: network, host: '127.0.0.1', port: 0, ...options });
    const answer = (request: RemotingCommand, connection: ServerConnection): void => {
      connection.respond(
        request,
        createResponse(request, ResponseCode.SUCCESS, { body: request.body, extFields: request.extFields }),
      );
    };
    server.registerProcessor([Code.ECHO, Code.PULL], { process: answer });
    server.registerProcessor([Code.HOLD], { process: (request, connection) => void held.push({ request, connection }) });
    server.registerProcessor([Code.THROW], {
      process: () => {
        throw new RangeError('no such thing');
      },
    });
    server.registerProcessor([Code.REJECT], { process: () => Promise.reject(new TypeError('later')) });
    server.registerProcessor([Code.BAD_HEADER], {
      process: () => {
        throw new ProtocolError('HEADER_INVALID', 'the field topic is missing');
      },
    });
    server.registerProcessor([Code.NOTE], {
      process: (request) => void notes.push(`${isOneway(request) ? 'oneway' : 'two-way'} ${request.body?.toString()}`),
    });
    server.registerProcessor([Code.ASK], {
      process: async (request, connection) => {
        const reply = await connection.invoke(createRequest(221, { body: request.body }), timeout);
        connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body: reply.body, remark: reply.remark }));
      },
    });
    server.registerProcessor([Code.LARGE], {
      process: (request, connection) => {
        connection.respond(
          request,
          createResponse(request, ResponseCode.SUCCESS, { body: Buffer.alloc(Number(request.extFields?.['size'])) }),
        );
      },
    });
    await world.settle(server.start());
    started.push(server);
    return server;
  }

  async function startClient(
    options: Partial<RemotingClientOptions> = {},
    prepare?: (client: RemotingClient) => void,
  ): Promise<RemotingClient> {
    const { environment, network } = world;
    const client = createRemotingClient({ environment, dialer: network, ...options });
    prepare?.(client);
    await world.settle(client.start());
    started.push(client);
    return client;
  }

  function addressOf(server: RemotingServer): string {
    return `127.0.0.1:${server.port}`;
  }

  test('an answer comes back with what was asked, in both serializations', async () => {
    const server = await startServer();
    const client = await startClient();
    const body = Buffer.from('hello');
    for (const serializeType of [SerializeType.JSON, SerializeType.ROCKETMQ]) {
      const request = { ...createRequest(Code.ECHO, { body, extFields: { topic: 'T' } }), serializeType };
      const answer = await world.settle(client.invoke(addressOf(server), request, timeout));
      expect(answer).toMatchObject({ code: 0, serializeType, extFields: { topic: 'T' } });
      expect(answer.body).toEqual(body);
    }
    expect(server.connectionCount).toBe(1);
  });

  test('thousands of requests in flight on one connection find their answers', async () => {
    const server = await startServer({ inFlightPerConnectionMax: 100 });
    const client = await startClient();
    const answers = await world.settle(
      Promise.all(
        Array.from({ length: 5000 }, (_, index) =>
          client.invoke(addressOf(server), createRequest(Code.ECHO, { body: Buffer.from(`${index}`) }), timeout),
        ),
      ),
    );
    answers.forEach((answer, index) => {
      expect(answer.body?.toString()).toBe(`${index}`);
    });
    expect(server.connectionCount).toBe(1);
  });

  test('answers may come in any order', async () => {
    const server = await startServer();
    const client = await startClient();
    const pending = [1, 2, 3].map((index) =>
      client.invoke(addressOf(server), createRequest(Code.HOLD, { body: Buffer.from(`${index}`) }), timeout),
    );
    const after = await world.settle(client.invoke(addressOf(server), createRequest(Code.ECHO), timeout));
    expect(after.code).toBe(0);
    for (const { request, connection } of held.reverse()) {
      connection.respond(request, createResponse(request, 0, { body: request.body }));
    }
    const answers = await world.settle(Promise.all(pending));
    expect(answers.map((answer) => answer.body?.toString())).toEqual(['1', '2', '3']);
  });

  test('bodies of many mebibytes pass', async () => {
    const server = await startServer();
    const client = await startClient();
    const body = Buffer.alloc(12 * 1024 * 1024, 'x');
    const answer = await world.settle(client.invoke(addressOf(server), createRequest(Code.ECHO, { body }), timeout));
    expect(answer.body?.equals(body)).toBe(true);
  });

  test('a code that nobody serves is answered with 3, and the connection lives on', async () => {
    const server = await startServer();
    const client = await startClient();
    const answer = await world.settle(client.invoke(addressOf(server), createRequest(4711), timeout));
    expect(answer).toMatchObject({ code: ResponseCode.REQUEST_CODE_NOT_SUPPORTED, remark: ' request type 4711 not supported' });
    expect((await world.settle(client.invoke(addressOf(server), createRequest(Code.ECHO), timeout))).code).toBe(0);
  });

  test.each([
    [Code.THROW, 'RangeError: no such thing'],
    [Code.REJECT, 'TypeError: later'],
    [Code.BAD_HEADER, 'the field topic is missing'],
  ])('a processor that fails (%i) is answered with SYSTEM_ERROR', async (code, remark) => {
    const server = await startServer();
    const client = await startClient();
    const answer = await world.settle(client.invoke(addressOf(server), createRequest(code), timeout));
    expect(answer).toMatchObject({ code: ResponseCode.SYSTEM_ERROR, remark });
    expect(server.connectionCount).toBe(1);
  });

  test('one-way requests arrive and are never answered, not even when they fail', async () => {
    const server = await startServer();
    const client = await startClient();
    const address = addressOf(server);
    for (const code of [Code.NOTE, Code.THROW, Code.REJECT, 4711]) {
      await world.settle(client.invokeOneway(address, createRequest(code, { body: Buffer.from('n') }, true), timeout));
    }
    expect((await world.settle(client.invoke(address, createRequest(Code.ECHO), timeout))).code).toBe(0);
    expect(notes).toEqual(['oneway n']);
  });

  test('an answer too large for a frame becomes a SYSTEM_ERROR', async () => {
    const server = await startServer();
    const client = await startClient();
    const size = `${17 * 1024 * 1024}`;
    const answer = await world.settle(
      client.invoke(addressOf(server), createRequest(Code.LARGE, { extFields: { size } }), timeout),
    );
    expect(answer.code).toBe(ResponseCode.SYSTEM_ERROR);
    expect(answer.remark).toContain('allowed are 16777216');
  });

  test('a request too large for a frame is refused before it is sent; the connection is unharmed', async () => {
    const server = await startServer();
    const client = await startClient();
    const body = Buffer.alloc(17 * 1024 * 1024);
    await expect(
      world.settle(client.invoke(addressOf(server), createRequest(Code.ECHO, { body }), timeout)),
    ).rejects.toMatchObject({
      code: 'FRAME_TOO_LARGE',
    });
    expect((await world.settle(client.invoke(addressOf(server), createRequest(Code.ECHO), timeout))).code).toBe(0);
  });

  test('the server asks the client, and numbers of both directions do not mix', async () => {
    const server = await startServer();
    const client = await startClient({}, (unstarted) => {
      unstarted.registerHandler(221, (request, address) =>
        Promise.resolve(createResponse(request, 0, { body: Buffer.from(`${request.body?.toString()} from ${address}`) })),
      );
    });
    const answers = await world.settle(
      Promise.all(
        ['a', 'b'].map((text) => client.invoke(addressOf(server), createRequest(Code.ASK, { body: Buffer.from(text) }), timeout)),
      ),
    );
    expect(answers.map((answer) => answer.body?.toString())).toEqual([
      `a from ${addressOf(server)}`,
      `b from ${addressOf(server)}`,
    ]);
  });

  test('a client answers 3 to what it does not serve, and SYSTEM_ERROR when its handler fails', async () => {
    const server = await startServer();
    const bare = await startClient();
    const failing = await startClient({}, (unstarted) => {
      unstarted.registerHandler(221, () => {
        throw new Error('busy');
      });
    });
    const unserved = await world.settle(bare.invoke(addressOf(server), createRequest(Code.ASK), timeout));
    expect(unserved.remark).toBe(' request type 221 not supported');
    const failed = await world.settle(failing.invoke(addressOf(server), createRequest(Code.ASK), timeout));
    expect(failed.remark).toBe('Error: busy');
  });

  test('the server tells the client', async () => {
    const server = await startServer();
    const told: string[] = [];
    const client = await startClient({}, (unstarted) => {
      unstarted.registerHandler(40, (request) => void told.push(`${request.body?.toString()}`));
    });
    const pending = client.invoke(addressOf(server), createRequest(Code.HOLD), timeout);
    await world.pass(50);
    held[0]!.connection.notify(createRequest(40, { body: Buffer.from('changed') }, true));
    held[0]!.connection.respond(held[0]!.request, createResponse(held[0]!.request, 0));
    await world.settle(pending);
    expect(told).toEqual(['changed']);
  });

  test('a call that is not answered fails at its deadline, and its late answer is dropped', async () => {
    const server = await startServer();
    const client = await startClient();
    const address = addressOf(server);
    const failure = await world
      .settle(client.invoke(address, createRequest(Code.HOLD), { timeoutMs: 60 }))
      .catch((reason: unknown) => reason);
    expect(failure).toMatchObject({ code: 'REQUEST_TIMEOUT', outcome: 'unknown', retryable: true });
    expect((failure as Error).message).toBe(`${address} did not answer request 9002 within 60 ms`);
    held[0]!.connection.respond(held[0]!.request, createResponse(held[0]!.request, 0));
    expect((await world.settle(client.invoke(address, createRequest(Code.ECHO), timeout))).code).toBe(0);
  });

  test('a signal ends a call at once, with its reason', async () => {
    const server = await startServer();
    const client = await startClient();
    const abort = new AbortController();
    const pending = client.invoke(addressOf(server), createRequest(Code.HOLD), { timeoutMs: 3000, signal: abort.signal });
    await world.pass(50);
    const reason = new Error('stop');
    abort.abort(reason);
    await expect(world.settle(pending)).rejects.toBe(reason);
    await expect(client.invoke(addressOf(server), createRequest(Code.ECHO), { timeoutMs: 1, signal: abort.signal })).rejects.toBe(
      reason,
    );
  });

  test('a connection that closes fails what is pending on it, and the next call opens a new one', async () => {
    const server = await startServer();
    const client = await startClient();
    const address = addressOf(server);
    const gone: string[] = [];
    client.onConnectionClose((closed) => gone.push(closed));
    const pending = client.invoke(address, createRequest(Code.HOLD), timeout);
    await world.pass(50);
    held[0]!.connection.close();
    await expect(world.settle(pending)).rejects.toMatchObject({ code: 'CONNECTION_CLOSED', outcome: 'unknown' });
    expect(gone).toEqual([address]);
    expect((await world.settle(client.invoke(address, createRequest(Code.ECHO), timeout))).code).toBe(0);
  });

  test('no server: every waiting call fails with CONNECT_FAILED, not sent', async () => {
    const server = await startServer();
    const address = addressOf(server);
    await world.settle(server.stop());
    const client = await startClient();
    const calls = await world.settle(
      Promise.allSettled([1, 2, 3].map(() => client.invoke(address, createRequest(Code.ECHO), timeout))),
    );
    for (const call of calls) expect(call).toMatchObject({ reason: { code: 'CONNECT_FAILED', outcome: 'not-sent' } });
    await expect(world.settle(client.invokeOneway(address, createRequest(Code.NOTE, {}, true), timeout))).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
    });
  });

  test('a call that writes its own frame settles once, with the answer or with a failure', async () => {
    const server = await startServer();
    const client = await startClient();
    const address = addressOf(server);
    const invokeFrame = (code: number, timeoutMs: number): Promise<RemotingCommand> =>
      new Promise((resolve, reject) => {
        const call = {
          opaque: 0,
          writeFrame(writer: FrameWriter) {
            writer.writeCommand({ ...createRequest(code, { body: Buffer.from('frame') }), opaque: call.opaque });
          },
          onResponse: resolve,
          onFailure: reject,
        };
        client.invokeFrame(address, call, timeoutMs);
      });
    expect((await world.settle(invokeFrame(Code.ECHO, 1000))).body?.toString()).toBe('frame');
    await expect(world.settle(invokeFrame(Code.HOLD, 40))).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT', outcome: 'unknown' });
    await world.settle(client.stop());
    await expect(invokeFrame(Code.ECHO, 40)).rejects.toMatchObject({ code: 'STOPPED', outcome: 'not-sent', retryable: false });
  });

  test('calls beyond the limit fail at once with TOO_MANY_REQUESTS; an answer makes room', async () => {
    const server = await startServer();
    const client = await startClient({ inFlightPerConnectionMax: 2 });
    const address = addressOf(server);
    const pending = [1, 2].map(() => client.invoke(address, createRequest(Code.HOLD), timeout));
    await expect(client.invoke(address, createRequest(Code.ECHO), timeout)).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      outcome: 'not-sent',
    });
    await world.pass(50);
    await expect(client.invoke(address, createRequest(Code.ECHO), timeout)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    for (const { request, connection } of held) connection.respond(request, createResponse(request, 0));
    await world.settle(Promise.all(pending));
    expect((await world.settle(client.invoke(address, createRequest(Code.ECHO), timeout))).code).toBe(0);
  });

  test('the server begins no more than its limit of requests of one connection, and goes on when one is answered', async () => {
    const server = await startServer({ inFlightPerConnectionMax: 4 });
    const client = await startClient();
    const pending = Array.from({ length: 10 }, () => client.invoke(addressOf(server), createRequest(Code.HOLD), timeout));
    await world.pass(50);
    expect(held).toHaveLength(4);
    for (let answered = 0; answered < 10; answered += 1) {
      const { request, connection } = held[answered]!;
      connection.respond(request, createResponse(request, 0));
      await world.pass(10);
      expect(held.length).toBe(Math.min(10, answered + 5));
    }
    await world.settle(Promise.all(pending));
  });

  test('stop answers what is in flight, refuses what is new, then closes', async () => {
    const server = await startServer();
    const client = await startClient();
    const address = addressOf(server);
    const inFlight = client.invoke(address, createRequest(Code.HOLD), timeout);
    await world.pass(50);
    const stopped = server.stop({ deadlineMs: 2000 });
    await world.pass(20);
    const refused = await world.settle(client.invoke(address, createRequest(Code.ECHO), timeout));
    expect(refused.code).toBe(ResponseCode.SERVICE_NOT_AVAILABLE);
    held[0]!.connection.respond(held[0]!.request, createResponse(held[0]!.request, 0));
    await world.settle(stopped);
    expect((await world.settle(inFlight)).code).toBe(0);
    expect(server.connectionCount).toBe(0);
    await expect(world.settle(client.invoke(address, createRequest(Code.ECHO), timeout))).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
    });
  });

  test('stop gives up on what is not answered by its deadline', async () => {
    const server = await startServer();
    const client = await startClient();
    const inFlight = client.invoke(addressOf(server), createRequest(Code.HOLD), timeout).catch((reason: unknown) => reason);
    await world.pass(50);
    await world.settle(Promise.all([server.stop({ deadlineMs: 50 }), server.stop()]));
    expect(await world.settle(inFlight)).toMatchObject({ code: 'CONNECTION_CLOSED', outcome: 'unknown' });
  });

  test('a client that stops waits for its answers, takes no new calls, and closes its connections', async () => {
    const server = await startServer();
    const client = await startClient();
    const address = addressOf(server);
    const inFlight = client.invoke(address, createRequest(Code.HOLD), timeout);
    await world.pass(50);
    const stopped = client.stop({ deadlineMs: 2000 });
    await expect(client.invoke(address, createRequest(Code.ECHO), timeout)).rejects.toMatchObject({ code: 'STOPPED' });
    held[0]!.connection.respond(held[0]!.request, createResponse(held[0]!.request, 0));
    expect((await world.settle(inFlight)).code).toBe(0);
    await world.settle(stopped);
    await world.pass(50);
    expect(server.connectionCount).toBe(0);
  });

  test('a client stopped in the middle of calls settles every one of them', async () => {
    const server = await startServer();
    const client = await startClient();
    const sent = client.invoke(addressOf(server), createRequest(Code.HOLD), timeout).catch((reason: unknown) => reason);
    await world.pass(50);
    const dialling = client.invoke('127.0.0.1:1', createRequest(Code.ECHO), timeout).catch((reason: unknown) => reason);
    await world.settle(client.stop({ deadlineMs: 0 }));
    expect(await world.settle(sent)).toMatchObject({ code: 'CONNECTION_CLOSED', outcome: 'unknown' });
    expect(await world.settle(dialling)).toMatchObject({ code: 'STOPPED' });
  });

  test('the additional port serves everything but the codes it refuses', async () => {
    const free = await world.settle(world.network.listen({ host: '127.0.0.1', port: 0 }, () => undefined));
    await free.close();
    const server = await startServer({ additionalPorts: [free.port], codesRefusedOnAdditionalPorts: [Code.PULL] });
    const client = await startClient();
    const fast = `127.0.0.1:${free.port}`;
    expect((await world.settle(client.invoke(addressOf(server), createRequest(Code.PULL), timeout))).code).toBe(0);
    expect((await world.settle(client.invoke(fast, createRequest(Code.ECHO), timeout))).code).toBe(0);
    expect(await world.settle(client.invoke(fast, createRequest(Code.PULL), timeout))).toMatchObject({
      code: ResponseCode.REQUEST_CODE_NOT_SUPPORTED,
      remark: ' request type 11 not supported',
    });
  });

  test('a port in use fails the start and releases the others', async () => {
    const server = await startServer();
    const free = await world.settle(world.network.listen({ host: '127.0.0.1', port: 0 }, () => undefined));
    await free.close();
    const { environment, network } = world;
    const second = createRemotingServer({
      environment,
      listener: network,
      host: '127.0.0.1',
      port: free.port,
      additionalPorts: [server.port],
    });
    await expect(world.settle(second.start())).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
    const third = await startServer({ port: free.port });
    expect(third.port).toBe(free.port);
  });

  test('a server that is stopped while it starts keeps no port', async () => {
    const free = await world.settle(world.network.listen({ host: '127.0.0.1', port: 0 }, () => undefined));
    await free.close();
    const { environment, network } = world;
    const hasty = createRemotingServer({ environment, listener: network, host: '127.0.0.1', port: free.port });
    const starting = hasty.start().catch((reason: unknown) => reason);
    await world.settle(hasty.stop());
    expect(await world.settle(starting)).toMatchObject({ code: 'STOPPED' });
    expect((await startServer({ port: free.port })).port).toBe(free.port);
  });

  test('a connection beyond the limit is closed at once', async () => {
    const server = await startServer({ connectionsMax: 1 });
    const first = await startClient();
    const second = await startClient();
    expect((await world.settle(first.invoke(addressOf(server), createRequest(Code.ECHO), timeout))).code).toBe(0);
    await expect(world.settle(second.invoke(addressOf(server), createRequest(Code.ECHO), timeout))).rejects.toMatchObject({
      code: 'CONNECTION_CLOSED',
    });
    expect(server.connectionCount).toBe(1);
  });

  test('onClose is called once, at once when it is too late, and not when it was removed', async () => {
    const server = await startServer();
    const client = await startClient();
    const pending = client.invoke(addressOf(server), createRequest(Code.HOLD), timeout).catch(() => undefined);
    await world.pass(50);
    const { connection } = held[0]!;
    const log: string[] = [];
    connection.onClose(() => log.push('first'));
    const remove = connection.onClose(() => log.push('removed'));
    remove();
    connection.close();
    await world.settle(pending);
    await world.pass(50);
    expect(connection.isOpen).toBe(false);
    connection.onClose(() => log.push('late'));
    expect(log).toEqual(['first', 'late']);
    // To answer now is harmless, and to ask fails at once.
    connection.respond(held[0]!.request, createResponse(held[0]!.request, 0));
    connection.notify(createRequest(40, {}, true));
    await expect(connection.invoke(createRequest(221), timeout)).rejects.toMatchObject({
      code: 'CONNECTION_CLOSED',
      outcome: 'not-sent',
    });
  });
});
