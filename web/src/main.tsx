import { createTheme, localStorageColorSchemeManager, MantineProvider, type MantineColorsTuple } from '@mantine/core'
import '@mantine/core/styles.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Problem } from './fetch'
import './style/base.css'
import './style/shell.css'
import './style/parts.css'
import './style/rooms.css'
import './style/factory.css'
import './style/policy.css'
import { App } from './shell/app'

// Steel is the one accent, for what can be pressed: colours proper are kept for
// what is not as it should be.
const steel: MantineColorsTuple = [
  '#eef2f6', '#dbe2ea', '#b9c6d4', '#95a9bd', '#7790a9', '#60799a', '#4d6683', '#3f5670', '#33475d', '#26364a',
]

const theme = createTheme({
  primaryColor: 'steel',
  primaryShade: { light: 7, dark: 5 },
  colors: { steel },
  defaultRadius: 'sm',
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  headings: { fontFamily: 'var(--font)', fontWeight: '600' },
  respectReducedMotion: true,
})

const client = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: 'always', // the console is mostly on this machine: the browser's "offline" says nothing about it
      refetchOnWindowFocus: false,
      staleTime: 5000,
      gcTime: 120_000,
      retry: (failures, error) => failures < 1 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
      retryDelay: 400,
    },
  },
})

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no element "root"')
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={localStorageColorSchemeManager({ key: 'firedoor-scheme' })}>
      <QueryClientProvider client={client}>
        <App />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
