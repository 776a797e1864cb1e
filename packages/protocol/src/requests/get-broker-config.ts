import { defineHeader, type HeaderOf, text } from '../header/header-codec.js';

/** Answer to GET_BROKER_CONFIG (26): `version` is the JSON of a DataVersion; the body holds `key=value` lines. */
const fields = {
  version: text(),
};
export const getBrokerConfigResponseHeader = defineHeader(fields);
export type GetBrokerConfigResponseHeader = HeaderOf<typeof fields>;
