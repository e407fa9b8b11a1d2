import type { Integration } from './integration.ts';
import type { Project } from './project.ts';
import { importLine, render, type Source, type Style, tenancyBody } from './source.ts';

const sdk = 'stratum-graphql/sdk';

/** Next.js compiles what it runs: its modules are written in the newer words, and name each other without an extension. */
export function nextIntegration(project: Project, framework: 'next-app' | 'next-pages'): Integration {
  const style: Style = { language: project.language, modules: 'esm' };
  const extension = style.language === 'typescript' ? 'ts' : 'js';
  const { library, route, path, use } = framework === 'next-app' ? appRouter(style) : pagesRouter(style);
  const place = (file: string) =>
    `${project.sourceFolder === '' ? '' : `${project.sourceFolder}/`}${file}.${extension}`;
  return {
    files: [
      { path: place('lib/stratum'), content: render(library, style) },
      { path: place(path), content: route },
    ],
    use: { where: `Wrap your routes as in ${place(path)}:`, code: [use] },
  };
}

interface Router {
  readonly library: Source;
  /** A route that shows the tenant it is asked for. */
  readonly route: string;
  readonly path: string;
  /** How another route looks. */
  readonly use: string;
}

function appRouter(style: Style): Router {
  const typed = style.language === 'typescript';
  return {
    library: {
      imports: [{ names: ['stratum'], from: sdk }],
      body: `${tenancyBody}\n/** Wraps a route handler: it is only called for a tenant, which is in the second argument. */\nconst withTenant = tenancy.next(rules);`,
      exports: ['tenancy', 'withTenant'],
    },
    path: 'app/api/tenant/route',
    use: 'export const GET = withTenant((request, { tenant }) => …);',
    route: `${importLine({ names: ['withTenant'], from: '../../../lib/stratum' }, style)}

/** Shows who asks: a place to begin. */
export const GET = withTenant((_request${typed ? ': Request' : ''}, { tenant }) => Response.json(tenant));
`,
  };
}

function pagesRouter(style: Style): Router {
  const typed = style.language === 'typescript';
  const [request, response, handler] = typed
    ? ['request: NextApiRequest', 'response: NextApiResponse', 'handler: NextApiHandler']
    : ['request', 'response', 'handler'];
  const types = (names: string) => (typed ? `import type { ${names} } from 'next';\n` : '');
  return {
    library: {
      imports: [{ names: ['getTenantContext', 'stratum'], from: sdk }],
      body: `${types('NextApiHandler, NextApiRequest, NextApiResponse')}${tenancyBody}
const findTenant = tenancy.middleware(rules);

/** Wraps an API route: it is only called for a tenant, which getTenantContext() gives. */
function withTenant(${handler})${typed ? ': NextApiHandler' : ''} {
  return (${request}, ${response}) =>
    new Promise${typed ? '<void>' : ''}((resolve, reject) => {
      response.once('close', () => resolve());
      findTenant(request, response, (error) => {
        const found = error ? Promise.reject(error) : Promise.resolve();
        found.then(() => handler(request, response)).then(() => resolve(), reject);
      });
    });
}`,
      exports: ['getTenantContext', 'tenancy', 'withTenant'],
    },
    path: 'pages/api/tenant',
    use: 'export default withTenant((request, response) => …);',
    route: `${types('NextApiRequest, NextApiResponse')}${importLine(
      { names: ['getTenantContext', 'withTenant'], from: '../../lib/stratum' },
      style,
    )}

/** Shows who asks: a place to begin. */
export default withTenant((_${request}, ${response}) => {
  response.json(getTenantContext());
});
`,
  };
}
