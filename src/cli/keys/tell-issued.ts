import type { CreateApiKeyMutation } from '../../client/index.ts';
import type { Context } from '../context.ts';
import { present } from '../present.ts';
import { answer } from '../server.ts';

/** The key alone goes to standard output, so that a script can keep it. */
export function tellIssued(
  context: Context,
  issued: CreateApiKeyMutation['issued'],
  flags: { readonly json?: boolean },
): void {
  const { plaintext_key, apiKey } = present(issued);
  if (!flags.json) {
    context.note(`key ${apiKey.id} with the scopes ${apiKey.scopes.join(', ')}; it is shown this once:`);
  }
  answer(context, flags, { ...apiKey, plaintext_key }, () => plaintext_key);
}
