/** What an agent's connections amount to, as a line of the timeline. Pure. */
import { formatBytes, formatCount, formatNoun } from '#components/ui/format.ts';
import type { Phrase } from '#components/ui/phrase.ts';
import type { EventPayload } from '#protocol/event.ts';

type Counted = EventPayload<'egress.counted'>;
type Count = Counted['hosts'][number];

/** Hosts that a line names. */
const saidHosts = 5;

const sumOf = (hosts: readonly Count[], of: (count: Count) => number): number =>
  hosts.reduce((sum, each) => sum + of(each), 0);

const placeOf = ({ host, port }: Count): string => {
  if (host === '*') return 'other hosts';
  const named = host.includes(':') ? `[${host}]` : host;
  return port === 443 || port === 80 ? named : `${named}:${port}`;
};

/** "coder connected to packages.example.com 12 times, to github.com once", with what passed, and what was refused. */
export function egressPhrase({ agent, hosts }: Counted): { text: Phrase; notes: string[]; hasRefused: boolean } {
  const reached = hosts.filter(({ allowed }) => allowed > 0).sort((one, other) => other.allowed - one.allowed);
  const named = reached.slice(0, saidHosts).flatMap((each, n): Phrase => {
    const times = each.allowed === 1 ? ' once' : ` ${formatCount(each.allowed)} times`;
    return [n === 0 ? ' connected to ' : ', to ', { code: placeOf(each) }, times];
  });
  const others = reached.length - saidHosts;
  const rest = others > 0 ? [`, and to ${formatNoun(others, 'other host')}`] : [];
  const [refused, failed] = [sumOf(hosts, (each) => each.refused), sumOf(hosts, (each) => each.failed)];
  const [sent, received] = [sumOf(hosts, (each) => each.sent), sumOf(hosts, (each) => each.received)];
  const kept =
    refused > 0
      ? [
          `${reached.length > 0 ? ', ' : ' was kept from '}${formatNoun(refused, 'connection')}${reached.length > 0 ? ' refused' : ''}`,
        ]
      : [];
  return {
    text: [{ code: agent }, ...named, ...rest, ...kept],
    notes: [
      ...(reached.length > 0 ? [`${formatBytes(sent)} sent, ${formatBytes(received)} received`] : []),
      ...(failed > 0 ? [`${formatNoun(failed, 'connection')} came to nothing`] : []),
    ],
    hasRefused: refused > 0,
  };
}
