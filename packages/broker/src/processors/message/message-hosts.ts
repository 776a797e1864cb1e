import { encodeHost, SysFlag } from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';
import { OffsetMessageIds } from './offset-message-ids.js';

const ipv6HostSizeBytes = 20;

/** The addresses that stored messages carry: encoded once per connection and once for the broker. */
export class MessageHosts {
  readonly #address: () => string;
  readonly #byConnection = new WeakMap<ServerConnection, Buffer>();
  #storeHost: Buffer | undefined;
  #ids: OffsetMessageIds | undefined;

  constructor(address: () => string) {
    this.#address = address;
  }

  /** Kept from the first message on, which comes when the port is bound; before that nothing is kept. */
  get storeHost(): Buffer {
    if (this.#storeHost !== undefined) return this.#storeHost;
    const address = this.#address();
    const storeHost = encodeHost(address);
    if (!address.endsWith(':0')) this.#storeHost = storeHost;
    return storeHost;
  }

  get messageIds(): OffsetMessageIds {
    if (this.#ids !== undefined) return this.#ids;
    const ids = new OffsetMessageIds(this.storeHost);
    if (this.#storeHost !== undefined) this.#ids = ids;
    return ids;
  }

  bornHost(connection: ServerConnection): Buffer {
    let host = this.#byConnection.get(connection);
    if (host === undefined) {
      host = encodeHost(connection.remoteAddress);
      this.#byConnection.set(connection, host);
    }
    return host;
  }

  /** `sysFlag` with the two bits that tell how long the host fields are; only the broker knows (page 03 §4). */
  withHostBits(sysFlag: number, bornHost: Buffer): number {
    let flag = sysFlag & ~(SysFlag.BORN_HOST_V6 | SysFlag.STORE_HOST_V6);
    if (bornHost.length === ipv6HostSizeBytes) flag |= SysFlag.BORN_HOST_V6;
    if (this.storeHost.length === ipv6HostSizeBytes) flag |= SysFlag.STORE_HOST_V6;
    return flag;
  }
}
