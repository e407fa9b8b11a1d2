import { type Answer, answerOf, failure, headersOf } from './answer.ts';
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
  readonly writableEnded: boolean;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
  destroy(): unknown;
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

/**
 * Middleware for Express 4 and 5, and for everything that takes the same. What `next` throws, at once or later, is handed to `next` once
 * more, as Express does it itself: nobody else waits for it, and a server of Node alone would die of it.
 */
export function nodeMiddleware<Request extends NodeRequest>(decide: Decide<Request>): NodeMiddleware<Request> {
  return (request, response, next) => {
    const serve = async () => {
      const served = await decide({ request, header: headersOf(request.headers) });
      if (served instanceof Refusal) {
        if (!response.headersSent) {
          answer(response, answerOf(served)); // unless it took so long that somebody else has answered
        }
        return;
      }
      Object.assign(request, served);
      await runWithTenantContext(served.tenant, () => next());
    };
    serve()
      .catch((error) => next(error))
      .catch((error) => giveUp(response, error));
  };
}

/** Ends a request whose error nobody takes, and warns of it, but keeps the process. */
function giveUp(response: NodeResponse, error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
  if (!response.headersSent) {
    answer(response, failure);
  } else if (!response.writableEnded) {
    response.destroy();
  }
}

function answer(response: NodeResponse, { status, headers, body }: Answer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, value);
  }
  response.end(body);
}
