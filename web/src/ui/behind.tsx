import { useQueryClient } from '@tanstack/react-query'
import { catchUp, mostPages, useLive } from '../live'

// Behind offers to load a long list anew when something happened meanwhile: rows
// never jump away from under somebody who reads.
export function Behind({ room, pages }: { room: string; pages: number }) {
  const client = useQueryClient()
  const { behind } = useLive()
  return (
    <div role="status" className="behind-place">
      {pages > mostPages && behind.includes(room) && (
        <button type="button" className="behind" onClick={() => catchUp(client, room)}>
          There is something newer: show it
        </button>
      )}
    </div>
  )
}
