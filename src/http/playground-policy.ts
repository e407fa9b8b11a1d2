import { createHash } from 'node:crypto';

/** Where the playground's page has its editor from. */
const editorOrigin = 'https://unpkg.com';

/** What the playground may load: the scripts that stand in its page, word by word, its editor, and nothing else. */
export function playgroundPolicy(html: string): string {
  const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, script = '']) => hashOf(script));
  return [
    "default-src 'none'",
    `script-src ${[...scripts, editorOrigin].join(' ')}`,
    `style-src 'unsafe-inline' ${editorOrigin}`,
    `font-src data: ${editorOrigin}`,
    'img-src data: https:',
    `connect-src 'self' ${editorOrigin}`,
    'worker-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ].join('; ');
}

function hashOf(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}
