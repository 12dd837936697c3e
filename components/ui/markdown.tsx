/** Text that agents write: Markdown without HTML, drawn block by block, so that what stands does not move while more comes. */
import { memo } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { CopyButton } from './copy-button.tsx';
import { markdownBlocks } from './markdown-block.ts';

const plugins = [remarkGfm];

/** Only the web; anything else is text. */
const safeUrl = (url: string): string => (/^https?:\/\//i.test(url) ? url : '');

const parts: Components = {
  a: ({ href, children }) =>
    href ? (
      <a href={href} target="_blank" rel="noopener noreferrer" className="text-accent underline underline-offset-2">
        {children}
      </a>
    ) : (
      <span>{children}</span>
    ),
  img: ({ alt }) => <span className="text-ink-3">[picture: {alt || 'without a name'}]</span>,
  h1: ({ children }) => <h3 className="mt-2 font-semibold text-md first:mt-0">{children}</h3>,
  h2: ({ children }) => <h3 className="mt-2 font-semibold text-md first:mt-0">{children}</h3>,
  h3: ({ children }) => <h4 className="mt-2 font-medium first:mt-0">{children}</h4>,
  ul: ({ children }) => <ul className="list-disc pl-5 marker:text-ink-3">{children}</ul>,
  ol: ({ children, start }) => (
    <ol start={start} className="list-decimal pl-5 marker:text-ink-3">
      {children}
    </ol>
  ),
  blockquote: ({ children }) => (
    <blockquote className="border-line-strong border-l pl-3 text-ink-2">{children}</blockquote>
  ),
  table: ({ children }) => (
    <div className="my-1 overflow-x-auto">
      <table className="border-collapse text-sm [&_td]:border [&_td]:border-line [&_td]:px-2 [&_td]:py-1 [&_th]:border [&_th]:border-line [&_th]:px-2 [&_th]:py-1 [&_th]:text-left">
        {children}
      </table>
    </div>
  ),
  pre: ({ children, node }) => <CodeBlock text={textOf(node)}>{children}</CodeBlock>,
};

/** All text below a node of the parsed tree. */
function textOf(node: unknown): string {
  const { value, children } = (node ?? {}) as { value?: string; children?: unknown[] };
  return value ?? (children ?? []).map(textOf).join('');
}

function CodeBlock({ text, children }: { text: string; children: React.ReactNode }) {
  return (
    <div className="group relative my-1.5 rounded-2 bg-well">
      <pre className="mono overflow-x-auto px-3 py-2 leading-5 [&_code]:bg-transparent [&_code]:p-0">{children}</pre>
      <span className="absolute top-1 right-1 rounded-2 bg-well">
        <CopyButton text={text.replace(/\n$/, '')} label="Copy the code" />
      </span>
    </div>
  );
}

const Block = memo(function Block({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={plugins} components={parts} urlTransform={safeUrl} skipHtml>
      {text}
    </ReactMarkdown>
  );
});

export function Markdown({ text, isOpen = false }: { text: string; isOpen?: boolean }) {
  const blocks = markdownBlocks(text);
  return (
    <div className="prose flex flex-col gap-2 leading-(--leading-prose) [overflow-wrap:anywhere]">
      {blocks.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: text only grows, so a block keeps its place
        <div key={index} className={isOpen && index === blocks.length - 1 ? 'streaming' : undefined}>
          <Block text={block} />
        </div>
      ))}
    </div>
  );
}
