/** A secret, or where to get the one of the moment: asked for every request and every connection. */
export type Credential = string | (() => string | Promise<string>);

/** Who calls: by a key, or by a token of an identity provider. */
export type Credentials =
  | { readonly apiKey: Credential; readonly token?: undefined }
  | { readonly token: Credential; readonly apiKey?: undefined };

/** What names the caller to the server: headers, or the first message of a WebSocket. */
export type Identify = () => Promise<Record<string, string>>;

/** @throws {TypeError} When it is neither or both. */
export function identifyBy({
  apiKey,
  token,
}: {
  apiKey?: Credential | undefined;
  token?: Credential | undefined;
}): Identify {
  if ((apiKey === undefined) === (token === undefined)) {
    throw new TypeError('A client needs an apiKey or a token, and not both');
  }
  const current = async (credential: Credential) => (typeof credential === 'string' ? credential : credential());
  return async () =>
    apiKey === undefined
      ? { authorization: `Bearer ${await current(token ?? '')}` }
      : { 'x-api-key': await current(apiKey) };
}
