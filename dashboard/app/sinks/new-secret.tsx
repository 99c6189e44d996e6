import { Button } from '../ui/button.tsx'
import { Commands } from '../ui/copy.tsx'
import { Dialog } from '../ui/dialog.tsx'

/** The secret that was just made for a webhook, the only time that it can be seen. */
export function NewSecret({ name, secret, onClose }: { name: string; secret: string; onClose: () => void }) {
  return (
    <Dialog title={`The secret of ${name}`} onClose={onClose}>
      <div className="space-y-4">
        <p>Copy it now and give it to the receiver: it is sealed and cannot be shown again.</p>
        <Commands label="The new secret" lines={[secret]} />
        <div className="flex justify-end">
          <Button tone="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
