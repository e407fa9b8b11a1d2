import { StratumError } from '../domain/errors.ts';
import {
  GetApiKeyDocument,
  type GetApiKeyQuery,
  GetConfigDriftDocument,
  type GetConfigDriftQuery,
  GetRootOfTenantDocument,
  GetTenantContextDocument,
  ListDescendantsOfStatusesDocument,
  ListEventsDocument,
  ListRootsDocument,
  LookUpTenantBySlugDocument,
  LookUpTenantDocument,
} from '../operations/generated/graphql.ts';
import { contextBody, tenantPage } from '../rest/bodies.ts';
import { type Present, route } from '../rest/route.ts';

/** Not served: a program asks for them within its own process, with everything in the query. */
const own = { method: 'GET', path: '', tag: 'Library', summary: 'For programs alone', scope: 'read' } as const;
const schema = () => ({});

export const lookUpTenant = route({ ...own, document: LookUpTenantDocument, body: 'tenant' });
export const lookUpTenantBySlug = route({ ...own, document: LookUpTenantBySlugDocument, body: 'tenantBySlug' });
export const listRoots = route({ ...own, document: ListRootsDocument, body: { of: tenantPage.of, schema } });
export const listDescendants = route({
  ...own,
  document: ListDescendantsOfStatusesDocument,
  list: 'tenant.descendants',
});

/** The root of a tree is its own. */
export const getRoot = route({
  ...own,
  document: GetRootOfTenantDocument,
  body: { of: ({ tenant: { ancestors, ...tenant } }) => ancestors[0] ?? tenant, schema },
});

export const getTenantContext = route({
  ...own,
  document: GetTenantContextDocument,
  body: {
    of: (data) => {
      const {
        tenant,
        resolved_config: config,
        resolved_permissions: permissions,
        ancestors,
        revision,
      } = contextBody.of(data);
      return { tenant, config, permissions, ancestors, revision };
    },
    schema,
  },
});

type Drift = Present<GetConfigDriftQuery>['configDrift'];

const driftOf = ({ tenant, ...drift }: Drift['results'][number]) => ({
  tenant_id: tenant.id,
  tenant_name: tenant.name,
  ...drift,
});

export const getConfigDrift = route({
  ...own,
  document: GetConfigDriftDocument,
  body: {
    of: ({ configDrift: { parent, results, summary } }) => ({
      parent_id: parent.id,
      parent_name: parent.name,
      results: results.map(driftOf),
      summary,
    }),
    schema,
  },
});

/** The key of an id, which may be the id of something else, or of nothing. */
function keyOf({ node }: GetApiKeyQuery) {
  if (node === null || !('key_prefix' in node)) {
    throw new StratumError('NOT_FOUND', 'No such API key');
  }
  return node;
}

export const getApiKey = route({
  ...own,
  document: GetApiKeyDocument,
  body: {
    of: (data) => {
      const { effective_scopes: _, ...key } = keyOf(data);
      return key;
    },
    schema,
  },
});

export const getKeyScopes = route({
  ...own,
  document: GetApiKeyDocument,
  body: { of: (data) => keyOf(data).effective_scopes, schema },
});

export const listEvents = route({
  ...own,
  document: ListEventsDocument,
  body: {
    of: ({ events: { data, page } }) => ({
      data,
      next_cursor: page.has_more ? page.next_cursor : null,
      has_more: page.has_more,
    }),
    schema,
  },
});
