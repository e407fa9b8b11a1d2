import { responseOf } from './answer.ts';
import { Refusal } from './errors.ts';
import type { Served } from './rules.ts';
import type { Decide } from './serve.ts';
import { runWithTenantContext } from './tenant-context.ts';

/** What is needed of a context of Hono. */
export interface HonoContext {
  readonly req: { header(name: string): string | undefined };
  set(name: never, value: never): void;
}

/** What the middleware sets, for `new Hono<{ Variables: TenantVariables }>()`. */
export type TenantVariables = Served & { readonly tenantId: string };

export type HonoMiddleware<Context extends HonoContext> = (
  context: Context,
  next: () => Promise<void>,
) => Promise<Response | undefined>;

export function honoMiddleware<Context extends HonoContext>(decide: Decide<Context>): HonoMiddleware<Context> {
  return async (context, next) => {
    const served = await decide({ request: context, header: (name) => context.req.header(name) });
    if (served instanceof Refusal) {
      return responseOf(served);
    }
    for (const [name, value] of Object.entries({ ...served, tenantId: served.tenant.tenant_id })) {
      context.set(name as never, value as never); // Hono knows the names by the type of the app alone
    }
    await runWithTenantContext(served.tenant, next);
    return undefined;
  };
}
