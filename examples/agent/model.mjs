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
  for await (const chunk of /** @type {any} */ (body).pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data:')) yield JSON.parse(line.slice('data:'.length));
  }
}

/**
 * The whole content of the answer; `say` gets what it says and thinks as it comes. Throws with the provider's own words.
 * @param {object} call @param {AbortSignal} signal @param {(kind: 'message' | 'thought', more: string) => unknown} say
 */
export async function streamAnswer(call, signal, say) {
  const content = /** @type {Record<string, any>[]} */ ([]);
  const request = JSON.stringify({ max_tokens: 16_000, ...call, stream: true });
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
  throw new Error('the model broke off in the middle of its answer');
}
