/** One cell of the matrix, as `npm run matrix -- --json` prints it. */
export interface Cell {
  harness: string;
  behaviour: string;
  declared: string;
  observed: string;
  ok: boolean;
  ms: number;
}
