/** An outlined key cap; hidden where there is no keyboard to press it on. */

export function KeyCap({ cap }: { cap: string }) {
  return (
    <kbd className="inline-flex h-4 min-w-4 items-center justify-center rounded-1 border border-line-strong px-[3px] font-medium font-mono text-[10.5px] text-ink-2 leading-none tracking-normal max-wide:hidden touch:hidden [button_&]:border-current/40 [button_&]:text-inherit">
      {cap}
    </kbd>
  );
}
