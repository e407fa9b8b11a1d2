/** The headers of a request, by their names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a request was sent with: a key in `X-API-Key`, or else whatever bears it in `Authorization`. */
export interface Credential {
  readonly kind: 'key' | 'bearer';
  readonly text: string;
}

/** The credential of a request; `X-API-Key` wins. Null when it has none. */
export function credentialOf(headers: RequestHeaders): Credential | null {
  const key = text(headers['x-api-key']);
  if (key !== '') {
    return { kind: 'key', text: key };
  }
  const bearer = /^bearer +(\S+)$/i.exec(text(headers['authorization']).trim())?.[1];
  return bearer === undefined ? null : { kind: 'bearer', text: bearer };
}

/** Whether a request claims to be somebody's, rightly or not. */
export function hasCredential(headers: RequestHeaders): boolean {
  return credentialOf(headers) !== null;
}

/** A header that was sent several times is taken as it arrived: it is no key. */
function text(value: RequestHeaders[string]): string {
  return typeof value === 'string' ? value : (value ?? []).join(', ');
}
