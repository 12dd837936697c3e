/** The document around every page: language, fonts, theme before the first paint. */

import { GeistMono } from 'geist/font/mono';
import { GeistSans } from 'geist/font/sans';
import type { Metadata, Viewport } from 'next';
import { headers } from 'next/headers';
import type { ReactNode } from 'react';
import { schemaScript } from '#components/shell/schema-script.ts';
import { themeScript } from '#components/shell/theme-script.ts';
import './globals.css';

export const metadata: Metadata = { title: 'Omnigent', robots: { index: false }, referrer: 'no-referrer' };

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  viewportFit: 'cover',
  themeColor: [
    { media: '(prefers-color-scheme: dark)', color: '#0a0f10' },
    { media: '(prefers-color-scheme: light)', color: '#eef2f2' },
  ],
};

/** The nonce of this response's policy, which the server sets on the request as well. */
async function readNonce(): Promise<string | undefined> {
  const policy = (await headers()).get('content-security-policy') ?? '';
  return /'nonce-([\w+/-]+={0,2})'/.exec(policy)?.[1];
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = await readNonce();
  return (
    <html lang="en" className={`${GeistSans.variable} ${GeistMono.variable}`} suppressHydrationWarning>
      <head>
        <script
          nonce={nonce}
          suppressHydrationWarning
          // biome-ignore lint/security/noDangerouslySetInnerHtml: constants of ours, run before anything is painted or parsed
          dangerouslySetInnerHTML={{ __html: schemaScript + themeScript }}
        />
      </head>
      <body className="flex h-dvh flex-col">{children}</body>
    </html>
  );
}
