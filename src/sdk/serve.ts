import { Refusal } from './errors.ts';
import { createTenantFinder, lookUp, type ReadContext } from './find-tenant.ts';
import { headerOf, type Impersonation, type Incoming, type Served, type TenantRules } from './rules.ts';
import type { TenantContext } from './tenant-context.ts';

/** For whom a request is to be served, or what to answer instead. @throws What a resolver or another function of the program throws. */
export type Decide<Request> = (incoming: Incoming<Request>) => Promise<Served | Refusal>;

/** The rules of one program, the same for all frameworks. @throws {TypeError} For rules that would let wrong tokens in. */
export function createDecision<Request>(read: ReadContext, rules: TenantRules<Request>): Decide<Request> {
  const find = createTenantFinder(read, rules);
  const { impersonation, onError } = rules;
  return async (incoming) => {
    try {
      const tenant = await find(incoming);
      // As it is looked up, so that it is asked about what is served.
      const target = headerOf(incoming, impersonation?.headerName ?? 'x-impersonate-tenant')?.toLowerCase();
      return impersonation !== undefined && target !== undefined && target !== tenant.tenant_id
        ? await impersonate(read, { incoming, caller: tenant, target, impersonation })
        : { tenant, impersonating: false };
    } catch (error) {
      if (!(error instanceof Refusal)) {
        onError?.(error, incoming.request);
        throw error;
      }
      if (error.code === 'SERVICE_UNAVAILABLE') {
        onError?.(error.cause, incoming.request);
      }
      return error;
    }
  };
}

interface Attempt<Request> {
  readonly incoming: Incoming<Request>;
  readonly caller: TenantContext;
  readonly target: string;
  readonly impersonation: Impersonation<Request>;
}

/** Whether it may is asked before it is looked whether there is such a tenant: who may not learns nothing. */
async function impersonate<Request>(
  read: ReadContext,
  { incoming: { request }, caller, target, impersonation }: Attempt<Request>,
): Promise<Served> {
  if ((await impersonation.authorize(request, caller, target)) !== true) {
    throw new Refusal('IMPERSONATION_DENIED');
  }
  const tenant = await lookUp(read, target);
  await impersonation.onImpersonate?.(request, caller, tenant);
  return { tenant, impersonating: true, originalTenantId: caller.tenant_id };
}
