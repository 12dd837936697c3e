// @ts-check
/** One call of Anthropic's Messages API, streamed. Knows no tool and no session. */
import { setTimeout as sleep } from 'node:timers/promises';

const { ANTHROPIC_BASE_URL: base = 'https://api.anthropic.com', ANTHROPIC_API_KEY: key = '' } = process.env;
const headers = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-api-key': key };

/** A provider that is busy or away is asked again, as long as it has said nothing. @returns {Promise<Response>} */
async function ask(/** @type {string} */ body, /** @type {AbortSignal} */ signal) {
  for (let n = 0; ; n++) {
    const response = await fetch(`${base}/v1/messages`, { method: 'POST', headers, body, signal });
    if (response.ok) return response;
    const text = await response.text();
    const message = /"message":\s*"([^"]+)"/.exec(text)?.[1] ?? text.slice(0, 500);
    if (n === 5 || (response.status !== 429 && response.status < 500))
      throw new Error(`the model answered ${response.status}: ${message}`);
    await sleep((Number(response.headers.get('retry-after')) || 2 ** n / 4) * 1000, undefined, { signal });
  }
}

/** The data of each event. @param {Response} response @returns {AsyncGenerator<Record<string, any>>} */
async function* eventsOf({ body }) {
  let rest = '';
  try {
    for await (const chunk of /** @type {any} */ (body).pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('data:')) yield JSON.parse(line.slice('data:'.length));
    }
  } catch (cause) {
    throw cause instanceof SyntaxError ? cause : new Cut('the model broke off', { cause });
  }
}

/**
 * The whole content of the answer; `say` gets what it says and thinks as it comes. An answer that is cut is asked for again.
 * Throws with the provider's own words.
 * @param {object} call @param {AbortSignal} signal @param {(kind: Kind, more: string) => unknown} say
 */
export async function streamAnswer(call, signal, say) {
  const request = JSON.stringify({ max_tokens: 16_000, ...call, stream: true });
  const said = { message: '', thought: '' };
  for (let n = 0; ; n++) {
    const again = { message: '', thought: '' };
    const before = said.message.length + said.thought.length;
    try {
      return await streamOnce(request, signal, async (kind, more) => {
        const start = again[kind].length;
        again[kind] += more;
        // What was said before the cut is not said twice; where it comes out otherwise it begins anew.
        if (said[kind].startsWith(again[kind])) return;
        const isSame = again[kind].startsWith(said[kind]);
        const rest = isSame ? again[kind].slice(Math.max(start, said[kind].length)) : `\n\n${again[kind]}`;
        said[kind] = again[kind];
        await say(kind, rest);
      });
    } catch (cause) {
      if (signal.aborted || n === 5 || !(cause instanceof Cut)) throw cause;
      if (said.message.length + said.thought.length > before) n = 0;
      await sleep(2 ** n * 250, undefined, { signal });
    }
  }
}

/** The connection ended before the answer did. */
class Cut extends Error {}

/** @typedef {'message' | 'thought'} Kind */
/** @param {string} request @param {AbortSignal} signal @param {(kind: Kind, more: string) => unknown} say */
async function streamOnce(request, signal, say) {
  const content = /** @type {Record<string, any>[]} */ ([]);
  let input = '';
  for await (const { type, content_block, delta = {}, error } of eventsOf(await ask(request, signal))) {
    if (type === 'content_block_start') content.push(content_block);
    const block = content.at(-1) ?? {};
    for (const field of ['text', 'thinking', 'signature']) if (delta[field]) block[field] += delta[field];
    if (delta.text) await say('message', delta.text);
    if (delta.thinking) await say('thought', delta.thinking);
    input += delta.partial_json ?? '';
    if (type === 'content_block_stop' && input) [block.input, input] = [JSON.parse(input), ''];
    if (type === 'error') throw new Error(`the model broke off: ${error?.message}`);
    if (type === 'message_stop') return content;
  }
  throw new Cut('the model broke off in the middle of its answer');
}
