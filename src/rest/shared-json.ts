const written = new WeakMap<object, Buffer>();

/** The JSON of a body that many answers share, which is to say a frozen one: written once. Null for any other. */
export function sharedJson(body: unknown): Buffer | null {
  if (typeof body !== 'object' || body === null || !Object.isFrozen(body)) {
    return null;
  }
  const json = written.get(body) ?? Buffer.from(JSON.stringify(body));
  written.set(body, json);
  return json;
}
