/** A number with as many digits as mean something. */
export function format(value) {
  const size = Math.abs(value);
  return value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0);
}

/** A figure with its unit: a multiple of the control's, what it has more than that, or a size. */
export function formatFigure({ median, unit, isSize }) {
  const sign = unit && !isSize && median >= 0 ? '+' : '';
  return `${sign}${format(median)} ${unit ?? '×'}`;
}
