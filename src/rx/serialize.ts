/**
 * Makes a hand that tells one value after another: what it is given while it tells, it tells afterwards, so that
 * all who are told see the same order.
 */
export function serialize<T>(tell: (value: T) => void): (value: T) => void {
  const due: { readonly value: T }[] = [];
  return (value) => {
    if (due.push({ value }) > 1) return;
    for (let first = due[0]; first; first = due[0]) {
      tell(first.value);
      due.shift();
    }
  };
}
