import { answerOf, headersOf } from './answer.ts';
import { Refusal } from './errors.ts';
import type { Decide } from './serve.ts';
import { runWithTenantContext, type TenantContext } from './tenant-context.ts';

/** What is needed of a request of Express, or of Node itself. */
export interface NodeRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What is needed of a response of Express, or of Node itself. */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

export type NodeMiddleware<Request extends NodeRequest> = (
  request: Request,
  response: NodeResponse,
  next: (error?: unknown) => void,
) => void;

declare global {
  namespace Express {
    interface Request {
      /** There behind the middleware of Stratum. */
      tenant?: TenantContext;
      impersonating?: boolean;
      originalTenantId?: string;
    }
  }
}

/** Middleware for Express 4 and 5, and for everything that takes the same. */
export function nodeMiddleware<Request extends NodeRequest>(decide: Decide<Request>): NodeMiddleware<Request> {
  return (request, response, next) => {
    decide({ request, header: headersOf(request.headers) }).then((served) => {
      if (served instanceof Refusal) {
        refuse(response, served);
      } else {
        Object.assign(request, served);
        runWithTenantContext(served.tenant, () => next());
      }
    }, next);
  };
}

function refuse(response: NodeResponse, refusal: Refusal): void {
  if (response.headersSent) {
    return; // it took so long that somebody else has answered
  }
  const { status, headers, body } = answerOf(refusal);
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, value);
  }
  response.end(body);
}
