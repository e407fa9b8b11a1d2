/** A fenced block of a page that is played against a server, with the answer that the page promises. */
export interface Example {
  readonly language: 'bash' | 'graphql';
  readonly code: string;
  readonly line: number;
  readonly expected: { readonly language: 'json' | 'text'; readonly text: string } | null;
}

/**
 * The examples of a Markdown page: blocks opened by ` ```bash run ` or ` ```graphql run `. The next block, if it is `json` or `text`,
 * is the expected answer: JSON is compared as a subset, where `"…"` stands for any text; of text every line must occur.
 */
export function examplesOf(markdown: string): Example[] {
  const blocks = [...markdown.matchAll(/^```(\w+)( run)?\n([\s\S]*?)^```$/gm)].map((match) => ({
    language: match[1] ?? '',
    run: match[2] !== undefined,
    text: match[3] ?? '',
    line: markdown.slice(0, match.index).split('\n').length,
  }));
  return blocks.flatMap(({ language, run, text, line }, index) => {
    if (!run) {
      return [];
    }
    const next = blocks[index + 1];
    const answers = next !== undefined && !next.run && (next.language === 'json' || next.language === 'text');
    const expected = answers ? { language: next.language as 'json' | 'text', text: next.text } : null;
    return [{ language: language as Example['language'], code: text, line, expected }];
  });
}

/** Turns the wildcard of a page into something that `toMatchObject` understands. */
export function pattern(value: unknown, anyText: unknown): unknown {
  if (value === '…') {
    return anyText;
  }
  if (Array.isArray(value)) {
    return value.map((item) => pattern(item, anyText));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pattern(item, anyText)]));
  }
  return value;
}

/** Every id in an answer, under the slug or the key that stands beside it. */
export function idsIn(answer: unknown): [name: string, id: string][] {
  if (typeof answer !== 'object' || answer === null) {
    return [];
  }
  const { id, slug, key } = answer as Record<string, unknown>;
  const name = slug ?? key;
  const own: [string, string][] = typeof id === 'string' && typeof name === 'string' ? [[name, id]] : [];
  return [...own, ...Object.values(answer).flatMap(idsIn)];
}
