import type { Project } from './project.ts';

/** A module, before it is known what language it is written in. */
export interface Source {
  readonly imports: readonly Import[];
  /** The statements, as JavaScript and TypeScript have them both. */
  readonly body: string;
  readonly exports: readonly string[];
}

interface Import {
  readonly names: readonly string[];
  readonly from: string;
}

/** What decides how a module is written. */
export type Style = Pick<Project, 'language' | 'modules'>;

/** The text of a module. TypeScript has the newer words also where it is compiled to the older. */
export function render(source: Source, style: Style): string {
  const { imports, body, exports } = source;
  const head = imports.map((one) => importLine(one, style)).join('\n');
  return `${head}\n\n${body.trim()}\n\n${exportLine(exports, style)}\n`;
}

export function importLine({ names, from }: Import, style: Style): string {
  return isCommonJs(style)
    ? `const { ${names.join(', ')} } = require('${from}');`
    : `import { ${names.join(', ')} } from '${from}';`;
}

function exportLine(names: readonly string[], style: Style): string {
  return isCommonJs(style) ? `module.exports = { ${names.join(', ')} };` : `export { ${names.join(', ')} };`;
}

function isCommonJs({ language, modules }: Style): boolean {
  return language === 'javascript' && modules === 'cjs';
}

/** The part that all modules share: the SDK, and how the tenant of a request is found. */
export const tenancyBody = `const { STRATUM_URL, STRATUM_API_KEY, JWT_SECRET, STRATUM_TRUST_HEADER } = process.env;

if (!STRATUM_URL || !STRATUM_API_KEY) {
  throw new Error('STRATUM_URL and STRATUM_API_KEY must be set: see .env.example');
}

/** The tenants of the control plane. Contexts are kept in memory, and dropped within milliseconds when something changes. */
const tenancy = stratum({ controlPlaneUrl: STRATUM_URL, apiKey: STRATUM_API_KEY });

/** How the tenant of a request is found: by a verified token, or by X-Tenant-ID behind a gateway that sets it. */
const rules = {
  ...(JWT_SECRET ? { jwtSecret: JWT_SECRET } : {}),
  trustHeader: STRATUM_TRUST_HEADER === 'on',
};
`;
