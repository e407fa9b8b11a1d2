/** The headers of a request, by their names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The key a request was sent with: `X-API-Key`, or else a bearer token. Null when it has neither. */
export function apiKeyOf(headers: RequestHeaders): string | null {
  return text(headers['x-api-key']) || bearerOf(text(headers['authorization'])) || null;
}

function bearerOf(authorization: string): string | undefined {
  return /^bearer +(\S+)$/i.exec(authorization.trim())?.[1];
}

/** A header that was sent several times is taken as it arrived: it is no key. */
function text(value: RequestHeaders[string]): string {
  return typeof value === 'string' ? value : (value ?? []).join(', ');
}
