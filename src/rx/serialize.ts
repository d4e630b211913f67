/**
 * Queues re-entrant calls: a value that arrives while `emit` runs is emitted after it, so that all observers see
 * the same order.
 */
export function serialize<T>(emit: (value: T) => void): (value: T) => void {
  const due: { readonly value: T }[] = [];
  return (value) => {
    if (due.push({ value }) > 1) return;
    for (let first = due[0]; first; first = due[0]) {
      emit(first.value);
      due.shift();
    }
  };
}
