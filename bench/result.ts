/** Samples into the results of contract.md's bench schema. Pure. */

export interface Baseline {
  name: string;
  median: number;
  p95: number;
}

export interface Result {
  name: string;
  unit: 'ms' | 'ratio' | 'events/s' | 'MB' | '%' | 'MB/s';
  better: 'lower' | 'higher';
  n: number;
  min: number;
  median: number;
  p95: number;
  max: number;
  /** What the median is meant to reach; null: no aim of its own. */
  aim: number | null;
  /** What the 95th percentile is meant to reach; an addition to the contract's fields. */
  aimP95: number | null;
  /** What no sample may miss; an addition too. */
  aimMax: number | null;
  /** Whether every aim is met; null where there is none. */
  met: boolean | null;
  baseline: Baseline | null;
  /** Median over the baseline's median. */
  ratio: number | null;
  method: string;
}

export interface Measured {
  name: string;
  unit: Result['unit'];
  better?: Result['better'];
  samples: number[];
  aim?: number;
  aimP95?: number;
  aimMax?: number;
  baseline?: { name: string; samples: number[] };
  method: string;
}

const rounded = (value: number): number => Number(value.toPrecision(4));

/** Nearest-rank percentile of at least one sample; `share` in (0, 1]. */
export function percentile(samples: number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('no samples');
  return value;
}

export const median = (samples: number[]): number => percentile(samples, 0.5);

/** `p95` is the bad end: of what should be high it is the 5th percentile. */
export function toResult(measured: Measured): Result {
  const { name, unit, better = 'lower', samples, aim = null, aimP95 = null, aimMax = null, method } = measured;
  const middle = median(samples);
  const bad = percentile(samples, better === 'lower' ? 0.95 : 0.05);
  const worst = better === 'lower' ? Math.max(...samples) : Math.min(...samples);
  const reaches = (value: number, wanted: number | null) =>
    wanted === null || (better === 'lower' ? value <= wanted : value >= wanted);
  const baseline = measured.baseline && {
    name: measured.baseline.name,
    median: rounded(median(measured.baseline.samples)),
    p95: rounded(percentile(measured.baseline.samples, 0.95)),
  };
  return {
    ...{ name, unit, better, n: samples.length },
    ...{
      min: rounded(Math.min(...samples)),
      median: rounded(middle),
      p95: rounded(bad),
      max: rounded(Math.max(...samples)),
    },
    ...{ aim, aimP95, aimMax },
    met:
      aim === null && aimP95 === null && aimMax === null
        ? null
        : reaches(middle, aim) && reaches(bad, aimP95) && reaches(worst, aimMax),
    baseline: baseline ?? null,
    ratio: baseline && baseline.median > 0 ? rounded(middle / baseline.median) : null,
    method,
  };
}

export const describeResult = (result: Result): string => {
  const aims = [
    result.aim !== null && `aim ${result.aim}`,
    result.aimP95 !== null && `p95 aim ${result.aimP95}`,
    result.aimMax !== null && `aim of the worst ${result.aimMax}`,
  ].filter(Boolean);
  const verdict =
    result.met === null ? '' : result.met ? `  met (${aims.join(', ')})` : `  MISSED (${aims.join(', ')})`;
  return `${result.name}: median ${result.median} ${result.unit}, p95 ${result.p95}, ${result.min} to ${result.max}, n ${result.n}${verdict}`;
};
