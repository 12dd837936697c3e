/** `/`: all sessions. */
import { Suspense } from 'react';
import { Dashboard } from '#components/session/dashboard.tsx';

export default function DashboardPage() {
  return (
    <Suspense>
      <Dashboard />
    </Suspense>
  );
}
