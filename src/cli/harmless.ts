/**
 * Characters that make a terminal do something instead of showing something: control characters of both sets, line ends of Unicode,
 * halves of characters, and what turns the direction of writing.
 */
const commands = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/gu;

/** Text of others, to be shown to a person: what a terminal would obey is written out, a line stays a line. */
export function harmless(text: string): string {
  return text.replaceAll(commands, escaped);
}

/** The same for text of several lines. */
export function harmlessLines(text: string): string {
  return text.split('\n').map(harmless).join('\n');
}

/** JSON on one line which is harmless too, and means the same. */
export function jsonText(value: unknown): string {
  return harmless(JSON.stringify(value) ?? 'null');
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
