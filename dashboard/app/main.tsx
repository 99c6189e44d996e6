import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createQueryClient } from './api/query-client.ts'
import { createConsoleRouter } from './routes.tsx'
import './styles.css'

const queries = createQueryClient(() => {
  const { pathname, href } = router.state.location
  if (pathname === '/login' || pathname === '/setup') return
  queries.removeQueries({ queryKey: ['me'] })
  void router.navigate({ to: '/login', search: { to: href } })
})
const router = createConsoleRouter(queries)

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
