import { Refusal, refusalOf } from './errors.ts';
import { headerOf, type Incoming, type TenantResolver, type TenantRules } from './rules.ts';
import { lineageOf, type TenantContext } from './tenant-context.ts';
import { isTenantId } from './tenant-id.ts';
import { createTokenReader } from './token-tenant.ts';

/** Reads the context of a tenant. */
export type ReadContext = (id: string) => Promise<TenantContext>;

/** The tenant that a request is for. @throws {Refusal} Or whatever a resolver throws. */
export type FindTenant<Request> = (incoming: Incoming<Request>) => Promise<TenantContext>;

/** @throws {TypeError} For rules that would let wrong tokens in. */
export function createTenantFinder<Request>(read: ReadContext, rules: TenantRules<Request>): FindTenant<Request> {
  const readTokenTenant = createTokenReader(rules);
  return async (incoming) => {
    const ofToken = await readTokenTenant(incoming);
    const named = headerOf(incoming, 'x-tenant-id');
    if (ofToken !== null) {
      return named === undefined ? lookUp(read, ofToken) : lookUpBeneath(read, named, ofToken);
    }
    const id = (rules.trustHeader === true ? named : undefined) ?? (await askResolvers(incoming, rules.resolvers));
    if (id === undefined) {
      throw new Refusal('MISSING_TENANT');
    }
    return lookUp(read, id);
  };
}

/** @throws {Refusal} */
export async function lookUp(read: ReadContext, id: string): Promise<TenantContext> {
  if (!isTenantId(id)) {
    throw new Refusal('TENANT_NOT_FOUND');
  }
  try {
    return await read(id.toLowerCase());
  } catch (error) {
    throw refusalOf(error);
  }
}

/** Outside of what is beneath its token, no tenant exists for a request: not even as a suspended one. */
async function lookUpBeneath(read: ReadContext, id: string, top: string): Promise<TenantContext> {
  if (id.toLowerCase() === top) {
    return lookUp(read, top);
  }
  const tenant = await lookUp(read, id).catch((error: Refusal) => {
    throw error.code === 'SERVICE_UNAVAILABLE' ? error : new Refusal('TENANT_NOT_FOUND', { cause: error });
  });
  if (!lineageOf(tenant).includes(top)) {
    throw new Refusal('TENANT_NOT_FOUND');
  }
  return tenant;
}

async function askResolvers<Request>(
  { request }: Incoming<Request>,
  resolvers: readonly TenantResolver<Request>[] = [],
): Promise<string | undefined> {
  for (const resolver of resolvers) {
    const id = await resolver.resolve(request);
    if (id) {
      return id;
    }
  }
  return undefined;
}
