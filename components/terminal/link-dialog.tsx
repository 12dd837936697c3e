/** Asks before a link that a program printed is opened, and shows where it really goes. */
import { Button } from '#components/ui/button.tsx';
import { CopyButton } from '#components/ui/copy-button.tsx';
import { Dialog, DialogActions, DialogBody } from '#components/ui/dialog.tsx';

export function LinkDialog({ address, onClose }: { address: string; onClose: () => void }) {
  const open = () => {
    window.open(address, '_blank', 'noopener,noreferrer');
    onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Open ${new URL(address).host}?`}
      description="A program in the terminal printed this link."
      width={480}
    >
      <DialogBody>
        <p className="flex items-start gap-2 rounded-2 border border-line bg-well py-1.5 pr-1 pl-3">
          <span className="mono-xs min-w-0 flex-1 break-all pt-0.5">{address}</span>
          <CopyButton text={address} label="Copy the link" />
        </p>
      </DialogBody>
      <DialogActions>
        <span className="flex-1 max-wide:hidden" />
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="primary" onClick={open}>
          Open in a new tab
        </Button>
      </DialogActions>
    </Dialog>
  );
}
