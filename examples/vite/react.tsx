import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { useChat } from './use-chat.ts'

function Chat() {
  const { messages, isOpen, send } = useChat('/chat/tea')
  return (
    <form action={(form) => send(String(form.get('text')))}>
      <input name="text" aria-label="Message" placeholder={isOpen ? 'Type and press Enter' : 'connecting'} />
      <pre>{messages.join('\n')}</pre>
    </form>
  )
}

createRoot(document.querySelector('main')!).render(
  <StrictMode>
    <Chat />
  </StrictMode>,
)
