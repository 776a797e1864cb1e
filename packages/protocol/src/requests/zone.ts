import { defineHeader, type HeaderOf, optionalBool, optionalText } from '../header/header-codec.js';

/**
 * What 5.x brokers and clients add to REGISTER_BROKER and GET_ROUTEINFO_BY_TOPIC when they are told where they stand (page 02
 * §7): a broker's zone; a client's, and whether it wants the brokers of its zone only.
 */
const fields = { zoneName: optionalText('__ZONE_NAME'), zoneMode: optionalBool('__ZONE_MODE') };
export const zoneHeader = defineHeader(fields);
export type ZoneHeader = HeaderOf<typeof fields>;
