/** A store did what none may do. */
export class Violation extends Error {}
