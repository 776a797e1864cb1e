export type {
  BoundListener,
  ByteStream,
  ByteStreamHandlers,
  Dialer,
  DialOptions,
  Listener,
  ListenOptions,
  Network,
} from './byte-stream.js';
export { createRemotingClient, type RemotingClientOptions } from './client/create-remoting-client.js';
export type { RequestObserver, RequestResult } from './connection/request-observer.js';
export type { WaitingRefusal, WaitingRule } from './connection/waiting-requests.js';
export { InProcessNetwork, type InProcessNetworkOptions } from './network/in-process-network.js';
export { tcpNetwork } from './network/tcp-network.js';
export type { ClientRequestHandler, InvokeOptions, RemotingCall, RemotingClient } from './remoting-client.js';
export type { RemotingServer, RequestProcessor, ServerConnection } from './remoting-server.js';
export { createRemotingServer, type RemotingServerOptions } from './server/create-remoting-server.js';
