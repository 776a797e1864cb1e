/** The shop's topics and what travels on them. Every message names its run, so that a used broker does not confuse a new run. */
import { deadLetterTopic, defineTopic } from 'orbitmq';
import { z } from 'zod';

const Order = z.object({ run: z.string(), id: z.string(), customer: z.string(), euros: z.number().positive() });
export type Order = z.infer<typeof Order>;

const Parcel = z.object({ run: z.string(), customer: z.string(), step: z.number().int() });
export type Parcel = z.infer<typeof Parcel>;

/** Checked before it is sent and after it was received; the type of every handler follows. */
export const Orders = defineTopic('shop-orders', { schema: Order });
export const Payments = defineTopic('shop-payments', { schema: Order });
export const Parcels = defineTopic('shop-parcels', { schema: Parcel });
export const Reminders = defineTopic('shop-reminders', { schema: Order });
export const Deliveries = defineTopic('shop-deliveries', { schema: Order });
export const Invoices = defineTopic('shop-invoices', { schema: Order });

export const shippingGroup = 'shop-shipping';
/** Where deliveries go that shipping could not do. */
export const LostDeliveries = deadLetterTopic(Deliveries, shippingGroup);
