import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type {
  AlertDetail, AlertPage, Asset, AssetPage, Conversation, ConversationPage, Overview, Passage, PlantMap, PointPage, Policies, ProgramPage, Sensor,
  Series, Session, Simulation, StopPage, Trial,
} from './api'
import { get, post, type Query } from './fetch'

// The first word of a key is the name of the room that is out of date when
// something happens: see live.ts.

const pageSize = 300 // rows a request: enough for any screen, small enough to come at once

export function useOverview() {
  return useQuery({ queryKey: ['overview'], queryFn: ({ signal }) => get<Overview>('/api/overview', {}, signal) })
}

// useJudged tells whether there is a learned normal to compare with. Before there
// is one, everything is new and nothing not learned: to say so would be noise.
export function useJudged(): boolean {
  const { data } = useOverview()
  return data?.stage === 'watching' || data?.stage === 'paused'
}

export function useAlerts(filter: Query) {
  return useInfiniteQuery({
    queryKey: ['alerts', filter],
    queryFn: ({ signal, pageParam }) => get<AlertPage>('/api/alerts', { limit: pageSize, ...filter, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  })
}

export function useAlert(id: string) {
  return useQuery({
    queryKey: ['alerts', 'one', id],
    queryFn: ({ signal }) => get<AlertDetail>(`/api/alerts/${encodeURIComponent(id)}`, {}, signal),
  })
}

export function useAssets(filter: Query) {
  return useInfiniteQuery({
    queryKey: ['assets', filter],
    queryFn: ({ signal, pageParam }) => get<AssetPage>('/api/assets', { limit: pageSize, ...filter, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  })
}

export function useAsset(id: string) {
  return useQuery({
    queryKey: ['assets', 'one', id],
    queryFn: ({ signal }) => get<Asset>(`/api/assets/${encodeURIComponent(id)}`, {}, signal),
  })
}

// usePaged asks for what an asset has, page by page.
function usePaged<T extends { next: string }>(room: 'points' | 'programs', asset: string, filter: Query) {
  return useInfiniteQuery({
    queryKey: [room, asset, filter],
    queryFn: ({ signal, pageParam }) =>
      get<T>(`/api/assets/${encodeURIComponent(asset)}/${room}`, { limit: pageSize, ...filter, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  })
}

export const usePoints = (asset: string, filter: Query) => usePaged<PointPage>('points', asset, filter)
export const usePrograms = (asset: string) => usePaged<ProgramPage>('programs', asset, {})

export function useConversations(filter: Query) {
  return useInfiniteQuery({
    queryKey: ['conversations', filter],
    queryFn: ({ signal, pageParam }) =>
      get<ConversationPage>('/api/conversations', { limit: pageSize, ...filter, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
  })
}

export function useConversation(key: string, enabled = true) {
  return useQuery({
    queryKey: ['conversations', 'one', key],
    queryFn: ({ signal }) => get<Conversation>(`/api/conversations/${encodeURIComponent(key)}`, {}, signal),
    enabled,
  })
}

export function useMap() {
  return useQuery({
    queryKey: ['map'],
    queryFn: async ({ signal }) => (await get<{ map: PlantMap }>('/api/map', {}, signal)).map,
  })
}

export function useSensors() {
  return useQuery({
    queryKey: ['sensors'],
    queryFn: async ({ signal }) => (await get<{ sensors: Sensor[] | null }>('/api/sensors', {}, signal)).sensors ?? [],
    refetchInterval: 10_000, // silence sends no event, and is what this room must show
  })
}

const guarded = 2000 // ms between two looks at the gateways, of which no event comes

export function usePolicies(every = guarded) {
  return useQuery({
    queryKey: ['policy'],
    queryFn: ({ signal }) => get<Policies>('/api/policy', {}, signal),
    refetchInterval: every,
  })
}

// useStops asks for single stops, page by page. The first page is kept up to date
// as long as it is the only one: rows must not jump under who reads on.
export function useStops(filter: Query) {
  return useInfiniteQuery({
    queryKey: ['stops', filter],
    queryFn: ({ signal, pageParam }) => get<StopPage>('/api/policy/stops', { limit: 100, ...filter, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : guarded),
  })
}

// useDoors asks which doors stand where one asset asks another.
export function useDoors(client: string, server: string, enabled: boolean) {
  return useQuery({
    queryKey: ['doors', client, server],
    queryFn: async ({ signal }) => (await get<{ doors: Passage[] }>('/api/policy/door', { client, server }, signal)).doors,
    refetchInterval: guarded,
    enabled,
  })
}

export function useTrial() {
  return useMutation({ mutationFn: (body: { policy?: string; gateway?: string }) => post<Trial>('/api/policy/whatif', body) })
}

export function useSession() {
  return useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => get<Session>('/api/session', {}, signal),
    staleTime: 60_000,
  })
}

const simulated = 1000 // ms between two looks at the simulated plant; none while the page is hidden

export function useSimulation() {
  return useQuery({
    queryKey: ['simulation'],
    queryFn: ({ signal }) => get<Simulation>('/api/simulation', {}, signal),
    refetchInterval: simulated,
  })
}

export function useSeries(controller: string, tag: string) {
  return useQuery({
    queryKey: ['series', controller, tag],
    queryFn: ({ signal }) => get<Series>('/api/simulation/series', { controller, tag }, signal),
    refetchInterval: simulated,
  })
}

export function useBegin() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (scenario: string) => post<{ id: string }>('/api/simulation/acts', { scenario }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['simulation'] }),
  })
}

// useNewestAlerts gives the newest alerts of all, as many as one request may.
export function useNewestAlerts() {
  return useQuery({
    queryKey: ['alerts', 'newest'],
    queryFn: ({ signal }) => get<AlertPage>('/api/alerts', { limit: pageSize }, signal),
  })
}

export function useAcknowledge(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (comment: string) => post<AlertDetail>(`/api/alerts/${encodeURIComponent(id)}/acknowledge`, { comment }),
    onSuccess: () => {
      for (const room of ['alerts', 'overview', 'map', 'assets']) void client.invalidateQueries({ queryKey: [room] })
    },
  })
}
