import { createHash } from 'node:crypto';

/** Where a page that doesn't bring its editor along has it from. */
const editorOrigin = 'https://unpkg.com';

/** What the playground may load: the scripts that stand in its page, word by word, its editor, and nothing else. */
export function playgroundPolicy(html: string): string {
  const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, script = '']) => hashOf(script));
  const editor = html.includes(editorOrigin) ? [editorOrigin] : [];
  return [
    "default-src 'none'",
    `script-src ${[...scripts, ...editor].join(' ')}`,
    `style-src ${["'unsafe-inline'", ...editor].join(' ')}`,
    `font-src ${['data:', ...editor].join(' ')}`,
    'img-src data:',
    `connect-src ${["'self'", ...editor].join(' ')}`,
    'worker-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ].join('; ');
}

function hashOf(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}
