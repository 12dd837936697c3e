/** Writes what a filter shows into a file, page by page; the browser keeps it where it keeps downloads. */
import { useState } from 'react';
import { useTRPCClient } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import { exportLine } from './audit-record.ts';
import type { AuditInput } from './use-audit.ts';

/** Records of one file; `omnigent audit export` writes them all. */
const maxRecords = 100_000;

function save(lines: string[], name: string): void {
  const url = URL.createObjectURL(new Blob(lines, { type: 'application/x-ndjson' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

export function useExport(input: AuditInput) {
  const client = useTRPCClient();
  const [count, setCount] = useState<number | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [isCut, setCut] = useState(false);
  const read = async () => {
    const lines: string[] = [];
    for (let cursor: string | null = null; ; ) {
      const page: Awaited<ReturnType<typeof client.audit.find.query>> = await client.audit.find.query({
        ...{ ...input, cursor, limit: 200 },
      });
      lines.push(...page.records.map(exportLine));
      setCount(lines.length);
      cursor = page.next;
      if (cursor === null || lines.length >= maxRecords) return { lines, isCut: cursor !== null };
    }
  };
  return {
    /** Records read so far; null: nothing is being exported. */
    count,
    failure,
    /** The newest are in the file, and there were more. */
    isCut,
    run: () => {
      setCount(0);
      setFailure(null);
      setCut(false);
      read()
        .then(({ lines, isCut: wasCut }) => {
          save(lines, `omnigent-audit-${new Date().toISOString().slice(0, 10)}.jsonl`);
          setCut(wasCut);
        })
        .catch((cause: unknown) => setFailure(failureOf(cause)))
        .finally(() => setCount(null));
    },
  };
}
