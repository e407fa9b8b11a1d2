import { type GraphiQLOptions, renderGraphiQL as renderFromNetwork } from 'graphql-yoga';

const firstQuery = `# Stratum: tenants inside tenants, and what applies to each of them, and why.
# Who asks is said below, under "Headers".

{
  tenants(first: 10, roots: true) {
    nodes {
      name
      slug
      descendantCount
    }
  }
}
`;

/** What a browser is shown. With a key in it, the page works at once. */
export function playgroundOptions(apiKey: string | null): GraphiQLOptions {
  return {
    title: 'Stratum',
    defaultQuery: firstQuery,
    headers: JSON.stringify({ 'X-API-Key': apiKey ?? '' }, null, 2),
    shouldPersistHeaders: true,
  };
}

/** The page with all it needs in it, so that it works without a network. Where the optional package is left out, browsers fetch the editor. */
export async function renderPlayground(options: GraphiQLOptions = {}): Promise<string> {
  const bundled = await import('@graphql-yoga/render-graphiql').catch(() => null);
  return bundled === null ? renderFromNetwork(options) : bundled.renderGraphiQL(options);
}
