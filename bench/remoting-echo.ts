/**
 * What the remoting layer itself costs: a server that answers every request with its own body, in a process of its own, over
 * loopback. Prints requests per second and CPU microseconds per request of both processes; `bare` is the same exchange over
 * `node:net` without frames, as the floor of the machine.
 *
 *   npx tsx --conditions=@orbitmq/source bench/remoting-echo.ts [seconds per case] [body bytes]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { type AddressInfo, createServer, connect as netConnect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { systemEnvironment } from '@orbitmq/core/kernel';
import { createRequest, createResponse, type FrameWriter, type RemotingCommand } from '@orbitmq/protocol';
import { createRemotingClient, createRemotingServer, type RemotingClient, tcpNetwork } from '@orbitmq/remoting';

const echoCode = 10;
const warmUpMs = 1000;
const shapes = [
  { connections: 4, inFlight: 64 },
  { connections: 1, inFlight: 1 },
  { connections: 256, inFlight: 1 },
];

type ServerMessage = { readonly ports: { readonly remoting: number; readonly bare: number } } | { readonly cpuMicros: number };

async function serve(): Promise<void> {
  const server = createRemotingServer({ environment: systemEnvironment(), listener: tcpNetwork(), host: '127.0.0.1', port: 0 });
  server.registerProcessor([echoCode], {
    process: (request, connection) => {
      connection.respond(request, createResponse(request, 0, { extFields: { queueOffset: '12345', queueId: '3' } }));
    },
  });
  await server.start();
  const bare = createServer({ noDelay: true }, (socket) => {
    socket.on('data', (chunk) => socket.write(chunk));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => {
    bare.listen(0, '127.0.0.1', resolve);
  });
  process.on('message', () => {
    const usage = process.cpuUsage();
    process.send?.({ cpuMicros: usage.user + usage.system } satisfies ServerMessage);
  });
  process.on('disconnect', () => {
    process.exit(0);
  });
  process.send?.({ ports: { remoting: server.port, bare: (bare.address() as AddressInfo).port } } satisfies ServerMessage);
}

function nextMessage(child: ChildProcess): Promise<ServerMessage> {
  return new Promise((resolve) => {
    child.once('message', (message) => {
      resolve(message as ServerMessage);
    });
  });
}

async function serverCpuMicros(child: ChildProcess): Promise<number> {
  const message = nextMessage(child);
  child.send('cpu');
  const answer = await message;
  return 'cpuMicros' in answer ? answer.cpuMicros : 0;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

interface Load {
  readonly name: string;
  /** Requests answered so far. */
  count(): number;
  stop(): Promise<void>;
}

/** `inFlight` loops per connection, each a chain of `invoke`. */
async function invokeLoad(port: number, connections: number, inFlight: number, body: Buffer): Promise<Load> {
  let answered = 0;
  let isRunning = true;
  const loops: Promise<void>[] = [];
  const clients: RemotingClient[] = [];
  const loop = async (client: RemotingClient): Promise<void> => {
    while (isRunning) {
      const request = createRequest(echoCode, { body, extFields: { a: 'producer', b: 'topic', c: 'TBW102', d: '4', e: '0' } });
      await client.invoke(`127.0.0.1:${port}`, request, { timeoutMs: 3000 });
      answered += 1;
    }
  };
  for (let index = 0; index < connections; index += 1) {
    const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
    await client.start();
    clients.push(client);
    for (let slot = 0; slot < inFlight; slot += 1) loops.push(loop(client));
  }
  return {
    name: 'invoke',
    count: () => answered,
    stop: async () => {
      isRunning = false;
      await Promise.all(loops);
      await Promise.all(clients.map((client) => client.stop()));
    },
  };
}

/** The same with `invokeFrame`: no promise per request. */
async function frameLoad(port: number, connections: number, inFlight: number, body: Buffer): Promise<Load> {
  let answered = 0;
  let isRunning = true;
  const clients: RemotingClient[] = [];
  const request = createRequest(echoCode, { body, extFields: { a: 'producer', b: 'topic', c: 'TBW102', d: '4', e: '0' } });
  class EchoCall {
    opaque = 0;
    readonly #client: RemotingClient;
    constructor(client: RemotingClient) {
      this.#client = client;
    }
    writeFrame(writer: FrameWriter): void {
      request.opaque = this.opaque;
      writer.writeCommand(request);
    }
    onResponse(_response: RemotingCommand): void {
      answered += 1;
      if (isRunning) this.#client.invokeFrame(`127.0.0.1:${port}`, this, 3000);
    }
    onFailure(error: Error): void {
      throw error;
    }
  }
  for (let index = 0; index < connections; index += 1) {
    const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
    await client.start();
    clients.push(client);
    for (let slot = 0; slot < inFlight; slot += 1) client.invokeFrame(`127.0.0.1:${port}`, new EchoCall(client), 3000);
  }
  return {
    name: 'invokeFrame',
    count: () => answered,
    stop: async () => {
      isRunning = false;
      await Promise.all(clients.map((client) => client.stop()));
    },
  };
}

/** Bytes of the same size without frames. */
async function bareLoad(port: number, connections: number, inFlight: number, body: Buffer): Promise<Load> {
  let answered = 0;
  let isRunning = true;
  const message = Buffer.alloc(body.length + 150);
  const sockets = await Promise.all(
    Array.from(
      { length: connections },
      () =>
        new Promise<ReturnType<typeof netConnect>>((resolve) => {
          const socket = netConnect({ port, host: '127.0.0.1', noDelay: true }, () => {
            resolve(socket);
          });
          let pendingBytes = 0;
          socket.on('data', (chunk) => {
            pendingBytes += chunk.length;
            const count = Math.floor(pendingBytes / message.length);
            pendingBytes -= count * message.length;
            answered += count;
            if (!isRunning) return;
            socket.cork();
            for (let index = 0; index < count; index += 1) socket.write(message);
            socket.uncork();
          });
        }),
    ),
  );
  for (const socket of sockets) {
    socket.cork();
    for (let slot = 0; slot < inFlight; slot += 1) socket.write(message);
    socket.uncork();
  }
  return {
    name: 'bare',
    count: () => answered,
    stop: async () => {
      isRunning = false;
      await sleep(50);
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function measure(server: ChildProcess, load: Load, shape: string, durationMs: number): Promise<void> {
  await sleep(warmUpMs);
  const serverBefore = await serverCpuMicros(server);
  const clientBefore = process.cpuUsage();
  const countBefore = load.count();
  const startedAt = performance.now();
  await sleep(durationMs);
  const count = load.count() - countBefore;
  const elapsedMs = performance.now() - startedAt;
  const client = process.cpuUsage(clientBefore);
  const serverMicros = (await serverCpuMicros(server)) - serverBefore;
  await load.stop();
  const rate = Math.round((count / elapsedMs) * 1000);
  const clientMicros = (client.user + client.system) / count;
  console.log(
    `${shape.padEnd(9)} ${load.name.padEnd(12)} ${String(rate).padStart(8)} requests/s   server ${(serverMicros / count).toFixed(2).padStart(6)} µs   client ${clientMicros.toFixed(2).padStart(6)} µs`,
  );
}

async function main(): Promise<void> {
  const durationMs = Number(process.argv[2] ?? 3) * 1000;
  const body = Buffer.alloc(Number(process.argv[3] ?? 1024), 'x');
  const server = fork(fileURLToPath(import.meta.url), ['server']);
  const ready = await nextMessage(server);
  if (!('ports' in ready)) throw new Error('the server did not start');
  const { remoting, bare } = ready.ports;
  console.log(`node ${process.version}, ${body.length} bytes, ${durationMs} ms per case; CPU per request by process`);
  // The first case would otherwise pay for the compiling of both processes.
  const warmUp = await invokeLoad(remoting, 4, 64, body);
  await sleep(2 * warmUpMs);
  await warmUp.stop();
  for (const { connections, inFlight } of shapes) {
    const shape = `${connections} x ${inFlight}`;
    await measure(server, await bareLoad(bare, connections, inFlight, body), shape, durationMs);
    await measure(server, await frameLoad(remoting, connections, inFlight, body), shape, durationMs);
    await measure(server, await invokeLoad(remoting, connections, inFlight, body), shape, durationMs);
  }
  server.disconnect();
}

await (process.argv[2] === 'server' ? serve() : main());
