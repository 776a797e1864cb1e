/** Wraps `last` in the given layers; the first layer is the outermost. The one place where layers are put together. */
export function compose<Step>(layers: readonly (((next: Step) => Step) | undefined)[], last: Step): Step {
  let step = last;
  for (const layer of layers.toReversed()) if (layer !== undefined) step = layer(step);
  return step;
}
