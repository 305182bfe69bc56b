import { ReconnectingWebSocket } from 'dwebsocket/client'
import { useEffect, useRef, useState } from 'react'

export function useChat(url: string) {
  const socket = useRef<ReconnectingWebSocket | null>(null)
  const [messages, setMessages] = useState<string[]>([])
  const [isOpen, setOpen] = useState(false)

  useEffect(() => {
    const current = new ReconnectingWebSocket(url)
    socket.current = current
    current.onopen = () => setOpen(true)
    current.addEventListener('reconnecting', () => setOpen(false))
    current.onmessage = ({ data }) => setMessages((before) => [...before.slice(-99), String(data)])
    return () => current.close()
  }, [url])

  return { messages, isOpen, send: (text: string) => socket.current?.send(text) }
}
