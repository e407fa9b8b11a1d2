/** What the server answered. The schema calls it nullable for the sake of its neighbours; alone it is null only beside an error, which is thrown. */
export function present<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined) {
    throw new Error('the server answered with nothing');
  }
  return value;
}
