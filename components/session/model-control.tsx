/** Which model the agent of the next prompt uses: the harness's own, or one that is named. */
import { Popover } from '@base-ui/react/popover';
import { ChevronDown } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/ui/button.tsx';
import { Field } from '#components/ui/field.tsx';
import { Icon } from '#components/ui/icon.tsx';

export interface ModelControlProps {
  /** Null: the harness's own. */
  model: string | null;
  onChange: (model: string | null) => void;
}

const maxLength = 200;

export function ModelControl({ model, onChange }: ModelControlProps) {
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState('');
  const close = (isNowOpen: boolean) => {
    setText(model ?? '');
    setOpen(isNowOpen);
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    onChange(text.trim() || null);
    setOpen(false);
  };
  return (
    <Popover.Root open={isOpen} onOpenChange={close}>
      <Popover.Trigger
        render={
          <Button size="small" variant="quiet" aria-label={`Model: ${model ?? 'the usual one'}`}>
            <span className={model === null ? 'font-normal text-ink-3' : 'mono-xs max-w-36 truncate font-normal'}>
              {model ?? 'usual model'}
            </span>
            <Icon icon={ChevronDown} size={12} className="text-ink-3" />
          </Button>
        }
      />
      <Popover.Portal>
        <Popover.Positioner className="z-50 outline-none" sideOffset={6} align="start" collisionPadding={8}>
          <Popover.Popup className="w-[min(300px,calc(100vw-16px))] rounded-2 bg-raised p-3 shadow-float outline-none">
            <form onSubmit={save} className="flex flex-col gap-3">
              <Field
                label="Model"
                value={text}
                maxLength={maxLength}
                onChange={(event) => setText(event.target.value)}
                placeholder="the agent’s own choice"
                help="As the provider calls it. Counts from the next prompt on."
                isMono
                autoComplete="off"
                spellCheck={false}
              />
              <span className="flex justify-end gap-2">
                <Button size="small" onClick={() => setOpen(false)}>
                  Cancel
                </Button>
                <Button size="small" type="submit" variant="primary">
                  Use it
                </Button>
              </span>
            </form>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
