import type { GraphQLSchema } from 'graphql';

/**
 * Default deny: every field a document can begin with declares the scope it needs, or the server doesn't start. What lies behind
 * those fields is reached through them alone, and shows only what exists for the caller.
 */
export function assertEveryFieldHasRule(schema: GraphQLSchema): void {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const bare = roots.flatMap((root) =>
    Object.entries(root?.getFields() ?? {})
      .filter(([, { extensions }]) => !declaresScopes(extensions['pothosOptions']))
      .map(([field]) => `${root?.name}.${field}`),
  );
  if (bare.length > 0) {
    throw new Error(`no access rule is declared for ${bare.join(', ')}`);
  }
}

function declaresScopes(options: unknown): boolean {
  return typeof options === 'object' && options !== null && 'authScopes' in options && Boolean(options.authScopes);
}
