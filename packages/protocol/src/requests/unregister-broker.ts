import { bool, defineHeader, type HeaderOf, int64, text } from '../header/header-codec.js';

/** UNREGISTER_BROKER (104) and QUERY_DATA_VERSION (322): page 02 §4-5. */
const fields = {
  brokerName: text(),
  brokerAddr: text(),
  clusterName: text(),
  brokerId: int64(),
};
export const unregisterBrokerHeader = defineHeader(fields);
export type UnregisterBrokerHeader = HeaderOf<typeof fields>;

/** Header of the answer to QUERY_DATA_VERSION. */
export const queryDataVersionResponseHeader = defineHeader({ changed: bool() });
