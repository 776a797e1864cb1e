import { defineHeader, type HeaderOf, optionalText, text } from '../header/header-codec.js';

/** UNREGISTER_CLIENT (35): page 05 §2. Note the spelling `clientID`. */
const fields = {
  clientId: text('clientID'),
  producerGroup: optionalText(),
  consumerGroup: optionalText(),
};
export const unregisterClientHeader = defineHeader(fields);
export type UnregisterClientHeader = HeaderOf<typeof fields>;
