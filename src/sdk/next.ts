import { responseOf } from './answer.ts';
import { Refusal } from './errors.ts';
import type { Served } from './rules.ts';
import type { Decide } from './serve.ts';
import { runWithTenantContext } from './tenant-context.ts';

/** What is needed of a request: that of Next.js, or any other of the web. */
export interface WebRequest {
  readonly headers: { get(name: string): string | null };
}

/** Handles requests of tenants: what Next.js gives beside the request, such as `params`, comes along. */
export type TenantHandler<Request extends WebRequest, Context, Result> = (
  request: Request,
  context: Context & Served,
) => Promise<Result> | Result;

/** Makes a handler of requests out of one for requests of tenants: for route handlers, and for middleware as well. */
export type WithTenant<Request extends WebRequest> = <Incoming extends Request, Context extends object, Result>(
  handler: TenantHandler<Incoming, Context, Result>,
) => (request: Incoming, context?: Context) => Promise<Result | Response>;

export function withTenant<Request extends WebRequest>(decide: Decide<Request>): WithTenant<Request> {
  return (handler) => async (request, context) => {
    const served = await decide({ request, header: (name) => request.headers.get(name) });
    return served instanceof Refusal
      ? responseOf(served)
      : runWithTenantContext(served.tenant, async () =>
          handler(request, { ...(context as NonNullable<typeof context>), ...served }),
        );
  };
}
