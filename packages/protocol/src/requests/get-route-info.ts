import { defineHeader, type HeaderOf, optionalBool, text } from '../header/header-codec.js';

/** GET_ROUTEINFO_BY_TOPIC (105): page 02 §7. */
const fields = {
  topic: text(),
  acceptStandardJsonOnly: optionalBool(),
};
export const getRouteInfoHeader = defineHeader(fields);
export type GetRouteInfoHeader = HeaderOf<typeof fields>;
