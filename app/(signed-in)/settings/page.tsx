/** `/settings`: what is set for the whole server. */
import { SettingsPage } from '#components/settings/settings-page.tsx';

export default function Page() {
  return <SettingsPage />;
}
