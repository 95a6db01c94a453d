import { Modal, Switch } from '@mantine/core'
import { setKeys, useKeysOn, useRooms } from './keys'

const others = [
  { keys: ['/'], does: 'Into the filter of the room' },
  { keys: ['j', 'k'], does: 'Down and up a list, an alert or a device at a time' },
  { keys: ['Enter'], does: 'Open what is marked' },
  { keys: ['Esc'], does: 'Close what is open' },
  { keys: ['←', '↑', '→', '↓'], does: 'On the map: from device to device' },
  { keys: ['+', '-', '0'], does: 'On the map: nearer, farther, all of it' },
  { keys: ['?'], does: 'This help' },
]

export function Help({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const on = useKeysOn()
  const rooms = useRooms()
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard" closeButtonProps={{ 'aria-label': 'Close' }} size="md" centered>
      <dl className="keys">
        {rooms.map((room) => (
          <Row key={room.key} keys={['g', room.key]} does={room.name} then />
        ))}
        {others.map((o) => (
          <Row key={o.does} {...o} />
        ))}
      </dl>
      <Switch
        checked={on}
        onChange={(event) => setKeys(event.currentTarget.checked)}
        label="Single-key shortcuts"
        description="Off for speech input. Tab, arrows and Enter always work."
      />
    </Modal>
  )
}

function Row({ keys, does, then = false }: { keys: string[]; does: string; then?: boolean }) {
  return (
    <div>
      <dt>
        {keys.map((key, i) => (
          <span key={key}>
            {i > 0 && (then ? <span className="dim"> then </span> : ' ')}
            <kbd>{key}</kbd>
          </span>
        ))}
      </dt>
      <dd>{does}</dd>
    </div>
  )
}
