/** Pages for people who are signed in; the server sends everybody else to /sign-in. */
import type { ReactNode } from 'react';
import { ShellFrame } from '#components/shell/frame.tsx';

export default function SignedInLayout({ children }: { children: ReactNode }) {
  return <ShellFrame>{children}</ShellFrame>;
}
