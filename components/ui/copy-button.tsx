/** Copies a text and says for a moment that it did. */
import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { IconButton } from './button.tsx';

const shownMs = 1_500;

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState<'no' | 'yes' | 'failed'>('no');
  useEffect(() => {
    if (copied === 'no') return;
    const timer = setTimeout(() => setCopied('no'), shownMs);
    return () => clearTimeout(timer);
  }, [copied]);
  const words = { no: label, yes: 'Copied', failed: 'The browser refused to copy' }[copied];
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setCopied('yes'),
      () => setCopied('failed'),
    );
  };
  return <IconButton icon={copied === 'yes' ? Check : Copy} label={words} onClick={copy} iconSize={12} />;
}
