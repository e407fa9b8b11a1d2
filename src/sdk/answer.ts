import type { Refusal } from './errors.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

const json = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };

/** The answer where the program itself failed. */
export const failure: Answer = {
  status: 500,
  headers: json,
  body: JSON.stringify({ error: { code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong' } }),
};

/** The HTTP answer to a request that isn't served. */
export function answerOf(refusal: Refusal): Answer {
  const { statusCode } = refusal;
  return {
    status: statusCode,
    headers: {
      ...json,
      ...(statusCode === 401 && { 'www-authenticate': 'Bearer' }),
      ...(statusCode === 503 && { 'retry-after': '1' }),
    },
    body: JSON.stringify(refusal),
  };
}

/** The same for frameworks that speak in `Response`. */
export function responseOf(refusal: Refusal): Response {
  const { body, ...init } = answerOf(refusal);
  return new Response(body, init);
}

/** Headers as Node gives them, read by name. One that was sent more than once names no one thing: it is kept whole, and so matches nothing. */
export function headersOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): (name: string) => string | undefined {
  return (name) => {
    const value = headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(', ') : value;
  };
}
